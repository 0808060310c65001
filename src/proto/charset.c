/* SPDX-License-Identifier: MIT */
/* Converts text from and to another charset, with its state across chunks. */
#include <ctype.h>
#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "charset.h"
#include "utf8.h"

#define NAME_MAX_BYTES 64
#define HELD_MAX 16 /* bytes of a character, or of an escape sequence */
#define ROOM 4096   /* that iconv writes at once */

struct charset {
	const char *name;
	enum charset_direction direction;
	enum charset_error error;
	iconv_t cd;
	uint8_t unit; /* bytes of the smallest character: what a bad one takes */
	uint8_t held_n;
	char held[HELD_MAX]; /* an unfinished character; iconv has not seen it */
};

/* ---- names ---- */

/* Code pages that iconv does not call CP and the number. */
static const struct {
	const char *page, *name;
} pages[] = {
	{ "1200", "UTF-16LE" },     { "1201", "UTF-16BE" },
	{ "10000", "MACINTOSH" },   { "12000", "UTF-32LE" },
	{ "12001", "UTF-32BE" },    { "20127", "ASCII" },
	{ "20866", "KOI8-R" },      { "20932", "EUC-JP" },
	{ "21866", "KOI8-U" },      { "28591", "ISO-8859-1" },
	{ "28592", "ISO-8859-2" },  { "28593", "ISO-8859-3" },
	{ "28594", "ISO-8859-4" },  { "28595", "ISO-8859-5" },
	{ "28596", "ISO-8859-6" },  { "28597", "ISO-8859-7" },
	{ "28598", "ISO-8859-8" },  { "28599", "ISO-8859-9" },
	{ "28603", "ISO-8859-13" }, { "28605", "ISO-8859-15" },
	{ "50220", "ISO-2022-JP" }, { "50225", "ISO-2022-KR" },
	{ "51932", "EUC-JP" },      { "51936", "EUC-CN" },
	{ "51949", "EUC-KR" },      { "54936", "GB18030" },
	{ "65000", "UTF-7" },       { "65001", "UTF-8" },
};

/* What iconv calls NAME; OUT has room for NAME_MAX_BYTES.  NULL: nothing. */
static const char *iconv_name(const char *name, char *out)
{
	/* "" and " " are the locale's for iconv; what follows a slash are its options. */
	if (!isalnum((unsigned char)*name) ||
	    strlen(name) > NAME_MAX_BYTES - sizeof("CP") || strchr(name, '/'))
		return NULL;
	for (size_t i = 0; i < sizeof(pages) / sizeof(*pages); i++)
		if (strcmp(pages[i].page, name) == 0)
			return pages[i].name;
	if (name[strspn(name, "0123456789")])
		return name;
	snprintf(out, NAME_MAX_BYTES, "CP%s", name);
	return out;
}

/* 0, -EINVAL or -ENOMEM (as for want of descriptors, which passes). */
static int open_iconv(const char *name, enum charset_direction direction, iconv_t *ret)
{
	char text[NAME_MAX_BYTES];
	const char *known = iconv_name(name, text);
	iconv_t cd;

	if (!known)
		return -EINVAL;
	cd = direction == CHARSET_DECODE ? iconv_open("UTF-8", known)
					 : iconv_open(known, "UTF-8");
	if (cd == (iconv_t)-1) /* NOLINT(performance-no-int-to-ptr): as POSIX has it */
		return errno == EINVAL ? -EINVAL : -ENOMEM;
	*ret = cd;
	return 0;
}

bool charset_is_utf8(const char *name)
{
	char text[NAME_MAX_BYTES];
	const char *known = iconv_name(name, text);

	return known &&
	       (strcasecmp(known, "UTF-8") == 0 || strcasecmp(known, "UTF8") == 0);
}

/* ---- what an encoding is like ---- */

/* Encode C twice: the second one has no byte order mark, or other header, before it.
 * False: it cannot be. */
static bool probe(const char *name, char c, char ret[8], size_t *ret_size)
{
	iconv_t cd;
	bool ok = true;

	if (open_iconv(name, CHARSET_ENCODE, &cd) < 0)
		return false; /* out of memory, or there is no such name */
	for (int i = 0; i < 2; i++) {
		char *in = &c, *out = ret;
		size_t left = 1, room = 8;

		ok &= iconv(cd, &in, &left, &out, &room) != (size_t)-1;
		*ret_size = (size_t)(out - ret);
	}
	iconv_close(cd);
	return ok;
}

bool charset_keeps(const char *name, char c)
{
	size_t size;
	char bytes[8];

	return probe(name, c, bytes, &size) && size == 1 && *bytes == c;
}

/* ---- life ---- */

int charset_open(const char *name, enum charset_direction direction,
		 enum charset_error error, struct charset **ret)
{
	struct charset *c = calloc(1, sizeof(*c));
	size_t size;
	char bytes[8];
	int r;

	if (!c)
		return -ENOMEM;
	r = open_iconv(name, direction, &c->cd);
	if (r < 0) {
		free(c);
		return r;
	}
	c->name = name;
	c->direction = direction;
	c->error = error;
	c->unit = probe(name, 'a', bytes, &size) ? (uint8_t)size : 1;
	*ret = c;
	return 0;
}

void charset_free(struct charset *c)
{
	if (!c)
		return;
	iconv_close(c->cd);
	free(c);
}

/* ---- converting ---- */

/* One call of iconv.  0, EINVAL: an unfinished character is left, EILSEQ: a bad one; or
 * -ENOMEM. */
static int step(struct charset *c, char **in, size_t *left, struct buf *out)
{
	int err = E2BIG;

	while (err == E2BIG) {
		char room[ROOM], *to = room;
		size_t space = sizeof(room);

		err = iconv(c->cd, in, left, &to, &space) == (size_t)-1 ? errno : 0;
		if (buf_append(out, room, (size_t)(to - room), SIZE_MAX) < 0)
			return -ENOMEM;
	}
	return err;
}

/* Something stands for what cannot be converted. */
static int replace(struct charset *c, struct buf *out)
{
	char mark = '?', *in = &mark;
	size_t left = 1;

	if (c->error == CHARSET_CLOSE)
		return -EILSEQ;
	if (c->direction == CHARSET_DECODE)
		return buf_append(out, UTF8_REPLACEMENT, strlen(UTF8_REPLACEMENT),
				  SIZE_MAX);
	return step(c, &in, &left, out) < 0 ? -ENOMEM : 0;
}

/* The bytes that a bad character takes, which begins with the byte LEAD. */
static size_t bad_size(const struct charset *c, unsigned char lead)
{
	if (c->direction == CHARSET_DECODE)
		return c->unit;
	return lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

/* Convert all of the N bytes at P but an unfinished character at their end. */
static int convert(struct charset *c, const char *p, size_t n, struct buf *out,
		   size_t *ret_used)
{
	char *in = (char *)p;
	size_t left = n;
	int r = 0;

	while (r == 0 && left > 0) {
		size_t bad;

		r = step(c, &in, &left, out);
		if (r != EILSEQ)
			continue;
		bad = bad_size(c, (unsigned char)*in);
		if (bad > left)
			bad = left;
		in += bad;
		left -= bad;
		r = replace(c, out);
	}
	*ret_used = n - left;
	return r == EINVAL ? 0 : r;
}

/* Forget the first N bytes that are held. */
static void drop(struct charset *c, size_t n)
{
	c->held_n -= (uint8_t)n;
	memmove(c->held, c->held + n, c->held_n);
}

/* The character that is held goes on at *P. */
static int finish_held(struct charset *c, const char **p, size_t *n, struct buf *out)
{
	int r = 0;

	while (r == 0 && c->held_n > 0 && *n > 0) {
		size_t old = c->held_n, more = sizeof(c->held) - old, used;

		if (more > *n)
			more = *n;
		memcpy(c->held + old, *p, more);
		r = convert(c, c->held, old + more, out, &used);
		if (r < 0)
			break;
		if (used >= old) {
			c->held_n = 0;
			*p += used - old;
			*n -= used - old;
		} else if (more == *n) {
			c->held_n += (uint8_t)more;
			drop(c, used);
			*p += more;
			*n = 0;
		} else { /* no character is so long */
			drop(c, used > 0 ? used : c->unit);
			r = used > 0 ? 0 : replace(c, out);
		}
	}
	return r;
}

/* glibc does not forget the byte order that a mark has told: begin anew. */
static int reopen(struct charset *c)
{
	iconv_t cd;
	int r = open_iconv(c->name, c->direction, &cd);

	if (r < 0)
		return -ENOMEM;
	iconv_close(c->cd);
	c->cd = cd;
	return 0;
}

/* The text has ended. */
static int finish(struct charset *c, struct buf *out)
{
	int r = c->held_n > 0 ? replace(c, out) : 0;

	c->held_n = 0;
	if (r == 0)
		r = step(c, NULL, NULL, out);
	if (r == 0 && c->direction == CHARSET_DECODE && c->unit > 1)
		r = reopen(c);
	return r;
}

int charset_convert(struct charset *c, const char *p, size_t n, bool last,
		    struct buf *out)
{
	size_t used = 0;
	int r;

	if (n == 0)
		p = ""; /* it may be NULL */
	r = finish_held(c, &p, &n, out);

	if (r == 0 && n > 0)
		r = convert(c, p, n, out, &used);
	p += used;
	n -= used;
	for (; r == 0 && n > HELD_MAX; p++, n--) /* no character is so long */
		r = replace(c, out);
	if (r < 0)
		return r;
	if (n > 0) {
		memcpy(c->held, p, n);
		c->held_n = (uint8_t)n;
	}
	return last ? finish(c, out) : 0;
}
