/* SPDX-License-Identifier: MIT */
/* What is wrong with a configuration, one line each. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "conf_report.h"
#include "log.h"

#define TEXT_MAX 4096

struct conf_remark {
	char *text;    /* the whole line */
	size_t file_n; /* bytes of the file's name at its beginning */
	int line;
	enum log_level level;
	size_t number; /* in the order in which they were said */
};

/* Make the control bytes of TEXT harmless to a terminal. */
static void make_printable(char *text)
{
	for (unsigned char *p = (unsigned char *)text; *p; p++)
		if (*p < ' ' || *p == 0x7f)
			*p = '?';
}

/* Keep TEXT, which is allocated. */
static void keep(struct conf_report *r, struct conf_origin at, enum log_level level,
		 char *text)
{
	struct conf_remark *grown = realloc(r->remarks, (r->n + 1) * sizeof(*grown));

	if (!grown) {
		r->lost = true;
		free(text);
		return;
	}
	r->remarks = grown;
	grown[r->n] = (struct conf_remark){ text, strlen(at.file), at.line, level, r->n };
	r->n++;
}

__attribute__((format(printf, 4, 0))) static void say(struct conf_report *r,
						      struct conf_origin at,
						      enum log_level level,
						      const char *fmt, va_list ap)
{
	const char *severity = level == LOG_LEVEL_ERROR ? "error" : "warning";
	char wrong[TEXT_MAX];
	char *text;
	int n;

	vsnprintf(wrong, sizeof(wrong), fmt, ap);
	make_printable(wrong);
	if (at.line > 0)
		n = asprintf(&text, "%s:%d: %s: %s", at.file, at.line, severity, wrong);
	else
		n = asprintf(&text, "%s: %s: %s", at.file, severity, wrong);
	if (n >= 0)
		keep(r, at, level, text);
	else
		r->lost = true;
}

void conf_error(struct conf_report *r, struct conf_origin at, const char *fmt, ...)
{
	va_list ap;

	r->errors++;
	va_start(ap, fmt);
	say(r, at, LOG_LEVEL_ERROR, fmt, ap);
	va_end(ap);
}

void conf_warning(struct conf_report *r, struct conf_origin at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(r, at, LOG_LEVEL_WARNING, fmt, ap);
	va_end(ap);
}

void conf_report_clear(struct conf_report *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->remarks[i].text);
	free(r->remarks);
	*r = (struct conf_report){ .main = r->main, .errors = r->errors };
}

/* ---- the order of reading ---- */

static bool is_main(const struct conf_remark *m, const struct conf_report *r)
{
	return strlen(r->main) == m->file_n && memcmp(m->text, r->main, m->file_n) == 0;
}

static int compare_files(const struct conf_remark *a, const struct conf_remark *b)
{
	size_t n = a->file_n < b->file_n ? a->file_n : b->file_n;
	int order = memcmp(a->text, b->text, n);

	return order ? order : (a->file_n > b->file_n) - (a->file_n < b->file_n);
}

static int compare(const void *pa, const void *pb, void *report)
{
	const struct conf_remark *a = pa, *b = pb;
	int order = is_main(b, report) - is_main(a, report);

	if (!order)
		order = compare_files(a, b);
	if (!order)
		order = (a->line > b->line) - (a->line < b->line);
	if (!order)
		order = (a->number > b->number) - (a->number < b->number);
	return order;
}

void conf_report_write(struct conf_report *r, FILE *err)
{
	if (r->n > 0)
		qsort_r(r->remarks, r->n, sizeof(*r->remarks), compare, r);
	for (size_t i = 0; i < r->n; i++)
		fprintf(err, "%s%s\n", log_prefix(err, r->remarks[i].level),
			r->remarks[i].text);
	conf_report_clear(r);
}
