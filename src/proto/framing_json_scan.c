/* SPDX-License-Identifier: MIT */
/* frame = json: the words of a line (RFC 8259), and what its strings mean. */
#include <stdlib.h>
#include <string.h>

#include "framing_json_scan.h"
#include "num.h"

bool scan_fail(struct scan *r, const char *wrong)
{
	r->wrong = wrong;
	return false;
}

/* ---- the grammar (RFC 8259) ---- */

void scan_blanks(struct scan *r)
{
	while (r->p < r->end && strchr(" \t\r\n", *r->p) && *r->p)
		r->p++;
}

bool scan_take(struct scan *r, char c)
{
	scan_blanks(r);
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

bool scan_null(struct scan *r)
{
	scan_blanks(r);
	if (r->end - r->p < 4 || memcmp(r->p, "null", 4) != 0)
		return false;
	r->p += 4;
	return true;
}

/* The value of the four digits of \uXXXX, whose backslash is at P; -1: it is none. */
static long unit_at(const char *p, const char *end)
{
	long unit = 0;

	if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		int digit = num_hex_digit(p[i]);

		if (digit < 0)
			return -1;
		unit = unit << 4 | digit;
	}
	return unit;
}

/* Take the escape at hand. */
static bool take_escape(struct scan *r)
{
	bool is_unit = unit_at(r->p, r->end) >= 0;

	if (!is_unit && (r->end - r->p < 2 || !r->p[1] || !strchr("\"\\/bfnrt", r->p[1])))
		return scan_fail(r, "an escape that JSON does not have");
	r->p += is_unit ? 6 : 2;
	return true;
}

bool scan_string(struct scan *r, const char *wrong, struct scan_text *ret)
{
	*ret = (struct scan_text){ 0 };
	if (!scan_take(r, '"'))
		return scan_fail(r, wrong);
	ret->raw.p = r->p;
	while (r->p < r->end && *r->p != '"') {
		if ((unsigned char)*r->p < ' ')
			return scan_fail(r, "a control character in a string");
		if (*r->p != '\\') {
			r->p++;
			continue;
		}
		ret->escaped = true;
		if (!take_escape(r))
			return false;
	}
	if (r->p == r->end)
		return scan_fail(r, "a string without its end");
	ret->raw.n = (size_t)(r->p++ - ret->raw.p);
	return true;
}

bool scan_number(struct scan *r, uint64_t most, const char *wrong, uint64_t *ret)
{
	const char *begin;
	uint64_t n = 0;

	scan_blanks(r);
	for (begin = r->p; r->p < r->end && *r->p >= '0' && *r->p <= '9'; r->p++) {
		unsigned digit = (unsigned)(*r->p - '0');

		if (n > (most - digit) / 10 || (n == 0 && r->p > begin))
			return scan_fail(r, wrong);
		n = 10 * n + digit;
	}
	*ret = n;
	return r->p > begin || scan_fail(r, wrong);
}

/* ---- text ---- */

static char *put_character(char *to, unsigned long c)
{
	unsigned more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
	static const unsigned char first[] = { 0, 0xc0, 0xe0, 0xf0 };

	*to++ = (char)(first[more] | c >> 6 * more);
	while (more-- > 0)
		*to++ = (char)(0x80 | (c >> 6 * more & 0x3f));
	return to;
}

/* What the escape at *P stands for goes to TO; *P behind it.  Half a pair of surrogates
 * is no character: U+FFFD. */
static char *unescape_one(const char **p, const char *end, char *to)
{
	static const char shorts[] = "b\bf\fn\nr\rt\t";
	long unit = unit_at(*p, end), low;
	const char *s;

	if (unit < 0) {
		s = strchr(shorts, (*p)[1]);
		*to = s ? s[1] : (*p)[1];
		*p += 2;
		return to + 1;
	}
	*p += 6;
	if (unit < 0xd800 || unit > 0xdfff)
		return put_character(to, (unsigned long)unit);
	low = unit < 0xdc00 ? unit_at(*p, end) : -1;
	if (low < 0xdc00 || low > 0xdfff)
		return put_character(to, 0xfffd);
	*p += 6;
	unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
	return put_character(to, (unsigned long)unit);
}

/* RAW without its escapes; OUT has room for as many bytes, which are never more. */
static size_t unescape(struct span raw, char *out)
{
	const char *p = raw.p, *end = p + raw.n;
	char *to = out;

	while (p < end) {
		const char *next = memchr(p, '\\', (size_t)(end - p));
		size_t n = (size_t)((next ? next : end) - p);

		memcpy(to, p, n);
		to += n;
		p += n;
		if (next)
			to = unescape_one(&p, end, to);
	}
	return (size_t)(to - out);
}

bool scan_settle(struct scan *r, const struct scan_text *s, char **ret_storage,
		 struct span *ret)
{
	*ret = s->raw;
	*ret_storage = NULL;
	if (!s->escaped)
		return true;
	ret->p = *ret_storage = malloc(s->raw.n);
	if (!ret->p)
		return scan_fail(r, "out of memory");
	ret->n = unescape(s->raw, *ret_storage);
	return true;
}
