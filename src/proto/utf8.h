/* SPDX-License-Identifier: MIT */
/* utf8.h - says whether a stream of bytes is valid UTF-8 so far (Unicode 3.9). */
#ifndef PROTO_UTF8_H
#define PROTO_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

/* The state between two chunks: all zero at the start of a text. */
struct utf8 {
	uint8_t need;      /* continuation bytes still missing of the sequence begun */
	uint8_t low, high; /* range of the next one (only meaningful while need > 0) */
	uint8_t have;      /* bytes of it that have been seen; 0 between sequences */
};

/* How many of the N bytes at P are valid in sequence after what U has seen: N, or the
 * offset of the first byte that makes the text invalid whatever follows.  A sequence
 * begun at the end is kept in U.  When less than N, only U->have means something: so many
 * bytes before the bad one belong to the sequence that it breaks; 0: it begins none. */
size_t utf8_check(struct utf8 *u, const char *p, size_t n);

/* No sequence is unfinished: the text may end here. */
static inline bool utf8_complete(const struct utf8 *u)
{
	return u->need == 0;
}

/* Are the N bytes at P a whole text of valid UTF-8? */
static inline bool utf8_is_valid(const char *p, size_t n)
{
	struct utf8 u = { 0 };

	return utf8_check(&u, p, n) == n && utf8_complete(&u);
}

/* The most bytes that utf8_repair() writes for N. */
#define UTF8_REPAIRED_MAX(n) (3 * ((n) + 3) + 3)

/*
 * Copy N bytes at P to OUT (room for UTF8_REPAIRED_MAX(N)), each maximal ill-formed
 * subpart replaced by U+FFFD (Unicode 3.9, "substitution of maximal subparts").  A
 * sequence unfinished at the end is withheld in TAIL (at most 3 bytes, count in *TAIL_N)
 * and is put before the next chunk; with LAST it is replaced as well.  The number of
 * bytes written.
 */
size_t utf8_repair(char tail[3], uint8_t *tail_n, const char *p, size_t n, bool last,
		   char *out);

#endif
