/* SPDX-License-Identifier: MIT */
/*
 * utf8_reference.h - UTF-8 from its definition, slowly: what utf8.c is held against.
 *
 * It knows no table 3-7: bytes are a prefix of a character when the code points that they
 * can still become (all continuation bytes at their least to all at their most) hold one
 * that is allowed.
 */
#ifndef UNIT_UTF8_REFERENCE_H
#define UNIT_UTF8_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes of a sequence that begins with LEAD, 0: none does. */
static inline size_t reference_size(uint8_t lead)
{
	return lead < 0x80             ? 1
	       : (lead & 0xE0) == 0xC0 ? 2
	       : (lead & 0xF0) == 0xE0 ? 3
	       : (lead & 0xF8) == 0xF0 ? 4
				       : 0;
}

/* The code point of SIZE bytes, N of them from P and what is missing FILL. */
static inline uint32_t reference_value(const uint8_t *p, size_t n, size_t size,
				       uint8_t fill)
{
	uint32_t value = size == 1 ? p[0] : p[0] & (0x7FU >> size);

	for (size_t i = 1; i < size; i++)
		value = value << 6 | ((i < n ? p[i] : fill) & 0x3F);
	return value;
}

/* The N >= 1 bytes at P begin a character, or are one. */
static inline bool reference_begins(const uint8_t *p, size_t n)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t size = reference_size(p[0]);
	uint32_t low, high;

	if (n > size)
		return false;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xC0) != 0x80)
			return false;
	low = reference_value(p, n, size, 0x80);
	high = reference_value(p, n, size, 0xBF);
	if (high < least[size] || low > 0x10FFFF)
		return false;
	return !(low >= 0xD800 && high <= 0xDFFF);
}

/* The longest beginning of a character at P, of at most N bytes; its size in *RET_SIZE.
 */
static inline size_t reference_prefix(const uint8_t *p, size_t n, size_t *ret_size)
{
	size_t k = 0;

	*ret_size = n > 0 ? reference_size(p[0]) : 0;
	while (k < n && k < *ret_size && reference_begins(p, k + 1))
		k++;
	return k;
}

/* What utf8_check() says of the whole text; *RET_COMPLETE: it may end there. */
static inline size_t reference_check(const uint8_t *p, size_t n, bool *ret_complete)
{
	size_t at = 0;

	*ret_complete = true;
	while (at < n) {
		size_t size, k = reference_prefix(p + at, n - at, &size);

		at += k;
		if (k == size && k > 0)
			continue;
		*ret_complete = false;
		break;
	}
	return at;
}

/* What utf8_repair() makes of the whole text, in OUT (3 x N bytes): its size. */
static inline size_t reference_repair(const uint8_t *p, size_t n, uint8_t *out)
{
	size_t w = 0;

	for (size_t at = 0; at < n;) {
		size_t size, k = reference_prefix(p + at, n - at, &size);

		if (k > 0 && k == size) {
			memcpy(out + w, p + at, k);
			w += k;
		} else {
			memcpy(out + w, "\xEF\xBF\xBD", 3);
			w += 3;
		}
		at += k > 0 ? k : 1;
	}
	return w;
}

#endif
