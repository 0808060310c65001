/* SPDX-License-Identifier: MIT */
/* Fuzzes charset.c: a text that is cut anywhere becomes what a naive conversion of the
 * whole makes of it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "charset.h"
#include "utf8.h"

#define MUST(holds) ((holds) ? (void)0 : abort())
#define HEAD 3 /* bytes of an input before the text: the charset, two for the cuts */
#define FFFD 0xFFFD

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- references ---- */

static void put(struct buf *b, uint32_t c)
{
	char utf8[4] = { (char)c };
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	if (n > 1) {
		for (size_t i = n; i-- > 1; c >>= 6)
			utf8[i] = (char)(0x80 | (c & 0x3F));
		utf8[0] = (char)((0xF00 >> n & 0xFF) | c);
	}
	MUST(buf_append(b, utf8, n, SIZE_MAX) == 0);
}

static void latin1(struct buf *b, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put(b, p[i]);
}

/* https://unicode.org/Public/MAPPINGS/VENDORS/MICSFT/WINDOWS/CP1252.TXT */
static void cp1252(struct buf *b, const uint8_t *p, size_t n)
{
	static const uint16_t high[32] = {
		0x20AC, FFFD,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
		0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, FFFD,   0x017D, FFFD,
		FFFD,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
		0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, FFFD,   0x017E, 0x0178,
	};

	for (size_t i = 0; i < n; i++)
		put(b, p[i] >= 0x80 && p[i] < 0xA0 ? high[p[i] - 0x80] : p[i]);
}

static uint32_t unit_at(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8;
}

static void utf16le(struct buf *b, const uint8_t *p, size_t n)
{
	size_t i = 0;

	for (; i + 1 < n; i += 2) {
		uint32_t c = unit_at(p + i), next = i + 3 < n ? unit_at(p + i + 2) : 0;
		bool high = c >= 0xD800 && c < 0xDC00;

		if (high && i + 3 >= n)
			break; /* unfinished */
		if (high && next >= 0xDC00 && next < 0xE000) {
			c = 0x10000 + ((c - 0xD800) << 10) + (next - 0xDC00);
			i += 2;
		}
		put(b, c >= 0xD800 && c < 0xE000 ? FFFD : c);
	}
	if (i < n)
		put(b, FFFD);
}

static const struct {
	const char *name;
	void (*reference)(struct buf *b, const uint8_t *p,
			  size_t n); /* NULL: the whole */
} charsets[] = {
	{ "28591", latin1 },     { "1252", cp1252 }, { "UTF-16LE", utf16le },
	{ "932", NULL },         { "EUC-JP", NULL }, { "GB18030", NULL },
	{ "ISO-2022-JP", NULL }, { "UTF-16", NULL }, { "65000", NULL },
};

/* ---- the same in chunks ---- */

/* Convert N bytes at P as a text in small chunks, or, SEED being 0, at once. */
static int convert(struct charset *c, const char *p, size_t n, uint32_t seed,
		   struct buf *out)
{
	int r = 0;

	while (r == 0 && n > 0) {
		size_t size =
			seed ? 1 + (seed = seed * 1664525 + 1013904223) / (1u << 29) : n;
		char *chunk;

		size = size < n ? size : n;
		chunk = malloc(size); /* of its own, so that the sanitizer sees its end */
		MUST(chunk);
		memcpy(chunk, p, size);
		r = charset_convert(c, chunk, size, false, out);
		free(chunk);
		p += size;
		n -= size;
	}
	return r ? r : charset_convert(c, NULL, 0, true, out);
}

/* The same with a converter of its own, twice: a second text is as the first. */
static int converted(const char *name, enum charset_direction direction,
		     enum charset_error error, const struct buf *in, uint32_t seed,
		     struct buf *out)
{
	struct charset *c;
	int r;

	MUST(charset_open(name, direction, error, &c) == 0);
	r = convert(c, buf_head(in), buf_len(in), seed, out);
	if (r == 0) {
		buf_free(out);
		MUST(convert(c, buf_head(in), buf_len(in), seed, out) == 0);
	}
	charset_free(c);
	return r;
}

static bool same(const struct buf *a, const struct buf *b)
{
	return buf_len(a) == buf_len(b) &&
	       (buf_len(a) == 0 || memcmp(buf_head(a), buf_head(b), buf_len(a)) == 0);
}

/* Behind what is wrong in it, glibc reads UTF-7 on from a state that depends on where the
 * call began: what that becomes is not compared. */
static bool goes_astray(const char *name)
{
	return strcmp(name, "65000") == 0;
}

static void check(size_t which, const struct buf *in, uint32_t seed)
{
	struct buf want = { 0 }, got = { 0 }, strict = { 0 }, back = { 0 }, once = { 0 };
	const char *name = charsets[which].name;
	struct utf8 u = { 0 };
	bool good;

	if (charsets[which].reference)
		charsets[which].reference(&want, (uint8_t *)buf_head(in), buf_len(in));
	else
		MUST(converted(name, CHARSET_DECODE, CHARSET_REPLACE, in, 0, &want) == 0);
	MUST(converted(name, CHARSET_DECODE, CHARSET_REPLACE, in, seed, &got) == 0);
	MUST(utf8_check(&u, buf_head(&got), buf_len(&got)) == buf_len(&got) &&
	     utf8_complete(&u));
	good = converted(name, CHARSET_DECODE, CHARSET_CLOSE, in, seed, &strict) == 0;
	MUST(same(&want, &got) || (!good && goes_astray(name)));
	if (good)
		MUST(same(&want, &strict));
	else
		MUST(memmem(buf_head(&want), buf_len(&want), "\xEF\xBF\xBD", 3));
	MUST(converted(name, CHARSET_ENCODE, CHARSET_REPLACE, &got, 0, &once) == 0);
	MUST(converted(name, CHARSET_ENCODE, CHARSET_REPLACE, &got, seed, &back) == 0);
	MUST(same(&once, &back));
	buf_free(&want);
	buf_free(&got);
	buf_free(&strict);
	buf_free(&back);
	buf_free(&once);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf in = { 0 };

	if (size < HEAD)
		return 0;
	MUST(buf_append(&in, data + HEAD, size - HEAD, SIZE_MAX) == 0);
	check(data[0] % (sizeof(charsets) / sizeof(*charsets)), &in,
	      1 + (data[1] | (uint32_t)data[2] << 8));
	buf_free(&in);
	return 0;
}
