/* SPDX-License-Identifier: MIT */
/* What is wrong with a configuration, one line each. */
#include <stdarg.h>
#include <string.h>

#include "conf_report.h"

#define TEXT_MAX 4096

/* Make the control bytes of TEXT harmless to a terminal. */
static void make_printable(char *text)
{
	for (unsigned char *p = (unsigned char *)text; *p; p++)
		if (*p < ' ' || *p == 0x7f)
			*p = '?';
}

__attribute__((format(printf, 4, 0))) static void
write_line(struct conf_report *r, struct conf_origin at, const char *severity, const char *fmt,
	   va_list ap)
{
	char text[TEXT_MAX];

	vsnprintf(text, sizeof(text), fmt, ap);
	make_printable(text);
	if (at.line > 0)
		fprintf(r->err, "%s:%d: %s: %s\n", at.file, at.line, severity, text);
	else
		fprintf(r->err, "%s: %s: %s\n", at.file, severity, text);
}

void conf_error(struct conf_report *r, struct conf_origin at, const char *fmt, ...)
{
	va_list ap;

	r->errors++;
	va_start(ap, fmt);
	write_line(r, at, "error", fmt, ap);
	va_end(ap);
}

void conf_warning(struct conf_report *r, struct conf_origin at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_line(r, at, "warning", fmt, ap);
	va_end(ap);
}
