/* SPDX-License-Identifier: MIT */
/* The lines of an ini text, read safely underneath libinih. */
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "ini_lines.h"
#include "span.h"

#define NO_LIMIT ((size_t)-1)

struct reader {
	struct span rest; /* of the text */
	int line;         /* number of the line taken last */
	const struct ini_sink *sink;
	void *arg;
	int status;         /* 0, or -ENOMEM: nothing more is read */
	bool broken;        /* below a broken header: settings are skipped */
	struct buf scratch; /* the name of a section or a key, or text of an error */
	/* What is carried around inih: the setting whose `key=\x02` it was given last. */
	char key[INI_KEY_MAX + 1];
	struct buf value; /* NUL-terminated */
	int setting_line;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct span trim_start(struct span s)
{
	while (s.n > 0 && is_blank(*s.p)) {
		s.p++;
		s.n--;
	}
	return s;
}

static struct span trim_end(struct span s)
{
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

static struct span trim(struct span s)
{
	return trim_start(trim_end(s));
}

__attribute__((format(printf, 3, 4))) static void wrong(struct reader *r, int line,
							const char *fmt, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	r->sink->error(r->arg, text, line);
}

/* ---- lines ---- */

/* Take the next line off the text, without its end.  False: there is none. */
static bool take_line(struct reader *r, struct span *ret)
{
	const char *end;
	size_t n;

	if (r->rest.n == 0)
		return false;
	r->line++;
	end = memchr(r->rest.p, '\n', r->rest.n);
	n = end ? (size_t)(end - r->rest.p) : r->rest.n;
	*ret = (struct span){ r->rest.p, n };
	r->rest.p += n + !!end;
	r->rest.n -= n + !!end;
	if (memchr(ret->p, 0, ret->n)) {
		wrong(r, r->line, "a NUL byte: this is no text file");
		r->rest.n = 0;
		return false;
	}
	return true;
}

static void put(struct reader *r, struct buf *b, const char *p, size_t n)
{
	if (buf_append(b, p, n, NO_LIMIT) < 0)
		r->status = -ENOMEM;
}

/*
 * Append the part S of a value, trailing blanks cut, to the value under way.  Its
 * trailing backslashes stand for half as many; an odd one joins the next line: true.
 */
static bool put_part(struct reader *r, struct span s)
{
	size_t slashes = 0;

	while (slashes < s.n && s.p[s.n - 1 - slashes] == '\\')
		slashes++;
	put(r, &r->value, s.p, s.n - slashes + slashes / 2);
	return slashes % 2;
}

/* Collect the value that begins with S, with the lines that it continues on.  False: it
 * is wrong. */
static bool take_value(struct reader *r, struct span s)
{
	buf_free(&r->value);
	while (put_part(r, s)) {
		struct span next;

		if (r->rest.n == 0) {
			wrong(r, r->line,
			      "the backslash at the end joins the next line, and there is none");
			return false;
		}
		if (!take_line(r, &next))
			return false;
		s = trim_start(next);
		if (s.n < next.n)
			put(r, &r->value, " ", 1);
		s = trim_end(s);
	}
	return true;
}

/* Cut the blanks that joined lines left around the value, and end it with a NUL. */
static void finish_value(struct reader *r)
{
	while (buf_len(&r->value) > 0 && is_blank(*buf_head(&r->value)))
		buf_consume(&r->value, 1);
	while (buf_len(&r->value) > 0 &&
	       is_blank(buf_head(&r->value)[buf_len(&r->value) - 1]))
		buf_cut(&r->value, 1);
	put(r, &r->value, "", 1);
}

/* ---- what a line can be ---- */

/* S as a string, in the scratch buffer; "" when memory is out. */
static const char *scratch_text(struct reader *r, struct span s)
{
	buf_free(&r->scratch);
	put(r, &r->scratch, s.p, s.n);
	put(r, &r->scratch, "", 1);
	return r->status < 0 ? "" : buf_head(&r->scratch);
}

/* False: the header is broken. */
static bool take_header(struct reader *r, struct span s)
{
	const char *end = memchr(s.p, ']', s.n);
	struct span name;

	r->broken = true;
	if (!end) {
		wrong(r, r->line, "the section's name has no ]");
		return false;
	}
	if (end != s.p + s.n - 1) {
		wrong(r, r->line,
		      "text after the ]; comments stand on lines of their own");
		return false;
	}
	name = trim((struct span){ s.p + 1, s.n - 2 });
	if (name.n == 0) {
		wrong(r, r->line, "the section has no name");
		return false;
	}
	r->broken = false;
	r->sink->section(r->arg, scratch_text(r, name), r->line);
	return r->status == 0;
}

static bool is_key(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') &&
		    !(c >= '0' && c <= '9') && c != '_')
			return false;
	}
	return s.n >= 1 && s.n <= INI_KEY_MAX;
}

/* False: S is no setting, or has no section to go to. */
static bool take_setting(struct reader *r, struct span s)
{
	const char *equals = memchr(s.p, '=', s.n);
	struct span key = { s.p, equals ? (size_t)(equals - s.p) : s.n };
	bool good;

	r->setting_line = r->line;
	if (!equals) {
		wrong(r, r->line, "'%.60s' is neither [section] nor key = value",
		      scratch_text(r, s));
		return false;
	}
	key = trim(key);
	good = is_key(key);
	if (!good)
		wrong(r, r->line,
		      "'%.60s' is no name of a key (A-Z a-z 0-9 _, at most %d)",
		      scratch_text(r, key), INI_KEY_MAX);
	if (!take_value(r, trim((struct span){ equals + 1,
					       (size_t)(s.p + s.n - equals - 1) })))
		return false;
	if (!good || r->broken)
		return false;
	memcpy(r->key, key.p, key.n);
	r->key[key.n] = 0;
	finish_value(r);
	return r->status == 0;
}

/* ---- inih ---- */

/* An ini_reader: the next line that is of use, in the words that inih may see. */
static char *next_line(char *out, int cap, void *arg)
{
	struct reader *r = arg;
	struct span s;

	while (r->status == 0 && take_line(r, &s)) {
		s = trim(s);
		if (s.n == 0 || *s.p == ';' || *s.p == '#')
			continue;
		if (*s.p == '[') {
			if (!take_header(r, s))
				continue;
			snprintf(out, (size_t)cap, "[%d]\n", r->line);
			return out;
		}
		if (take_setting(r, s)) {
			snprintf(out, (size_t)cap, "%s=\x02\n", r->key);
			return out;
		}
	}
	return NULL;
}

/* An ini_handler: inih has seen `key=\x02`; pass on what it stands for. */
static int on_setting(void *arg, const char *section, const char *key, const char *value)
{
	struct reader *r = arg;

	(void)section;
	if (strcmp(key, r->key) != 0 || strcmp(value, "\x02") != 0)
		return 0;
	r->sink->setting(r->arg, r->key, buf_head(&r->value), r->setting_line);
	return 1;
}

int ini_read(const char *p, size_t n, const struct ini_sink *sink, void *arg)
{
	static const struct span bom = { "\xEF\xBB\xBF", 3 };
	struct reader r = { .rest = { p, n }, .sink = sink, .arg = arg };

	if (n >= bom.n && span_is((struct span){ p, bom.n }, bom))
		r.rest = (struct span){ p + bom.n, n - bom.n };
	if (ini_parse_stream(next_line, &r, on_setting, &r) != 0 && r.status == 0)
		wrong(&r, r.line, "libinih does not understand what its reader wrote");
	buf_free(&r.scratch);
	buf_free(&r.value);
	return r.status;
}
