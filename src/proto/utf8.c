/* SPDX-License-Identifier: MIT */
/* Says whether a stream of bytes is valid UTF-8 so far. */
#include <string.h>

#include "utf8.h"

#define HIGH_BITS 0x8080808080808080ULL

/* Unicode 3.9, table 3-7: what must follow a lead byte; one without a row is none. */
/* clang-format off */
static const struct utf8 leads[256] = {
			/* need low  high  have */
	[0xC2 ... 0xDF] = { 1, 0x80, 0xBF, 1 },
	[0xE0]		= { 2, 0xA0, 0xBF, 1 }, /* no overlong form */
	[0xE1 ... 0xEC] = { 2, 0x80, 0xBF, 1 },
	[0xED]		= { 2, 0x80, 0x9F, 1 }, /* no surrogate */
	[0xEE ... 0xEF] = { 2, 0x80, 0xBF, 1 },
	[0xF0]		= { 3, 0x90, 0xBF, 1 }, /* no overlong form */
	[0xF1 ... 0xF3] = { 3, 0x80, 0xBF, 1 },
	[0xF4]		= { 3, 0x80, 0x8F, 1 }, /* nothing beyond U+10FFFF */
};
/* clang-format on */

static inline uint64_t load(const uint8_t *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

/* The first byte from P on that is not ASCII, or END. */
static const uint8_t *skip_ascii(const uint8_t *p, const uint8_t *end)
{
	while (end - p >= 32) {
		if ((load(p) | load(p + 8) | load(p + 16) | load(p + 24)) & HIGH_BITS)
			break;
		p += 32;
	}
	while (end - p >= 8 && !(load(p) & HIGH_BITS))
		p += 8;
	while (p < end && *p < 0x80)
		p++;
	return p;
}

/* One byte of a sequence.  False: it makes the text invalid. */
static inline bool step(struct utf8 *u, uint8_t byte)
{
	if (u->need == 0) {
		*u = leads[byte];
		return u->need > 0;
	}
	if (byte < u->low || byte > u->high)
		return false;
	u->low = 0x80;
	u->high = 0xBF;
	u->need--;
	u->have = u->need ? u->have + 1 : 0;
	return true;
}

static inline bool is_continuation(uint8_t byte)
{
	return (byte & 0xC0) == 0x80;
}

/* The size of the valid sequence that begins at P (4 bytes can be read); 0: none does. */
static inline size_t sequence(const uint8_t *p)
{
	const struct utf8 *lead = &leads[p[0]];

	if (p[1] < lead->low || p[1] > lead->high)
		return 0;
	switch (lead->need) {
	case 1:
		return 2;
	case 2:
		return is_continuation(p[2]) ? 3 : 0;
	case 3:
		return is_continuation(p[2]) && is_continuation(p[3]) ? 4 : 0;
	default:
		return 0;
	}
}

/* Skip sequences, and single ASCII bytes between them, while 4 bytes can be read. */
static const uint8_t *skip_sequences(const uint8_t *p, const uint8_t *end)
{
	while (end - p >= 4) {
		size_t n = p[0] < 0x80 ? p[1] >= 0x80 : sequence(p);

		if (n == 0)
			break;
		p += n;
	}
	return p;
}

size_t utf8_check(struct utf8 *u, const char *p, size_t n)
{
	const uint8_t *at = (const uint8_t *)p, *end;
	struct utf8 state = *u; /* in registers */

	if (n == 0)
		return 0; /* P may be NULL */
	end = at + n;
	while (at < end) {
		if (state.need == 0) {
			at = skip_sequences(skip_ascii(at, end), end);
			if (at == end)
				break;
			if (*at < 0x80)
				continue;
		}
		if (!step(&state, *at))
			break;
		at++;
	}
	*u = state;
	return (size_t)(at - (const uint8_t *)p);
}

static char *put(char *out, const char *p, size_t n)
{
	if (n > 0)
		memcpy(out, p, n);
	return out + n;
}

size_t utf8_repair(char tail[3], uint8_t *tail_n, const char *p, size_t n, bool last,
		   char *out)
{
	struct utf8 u = { 0 };
	char *o = put(out, tail, *tail_n);
	size_t valid;

	utf8_check(&u, tail, *tail_n);
	while ((valid = utf8_check(&u, p, n)) < n) {
		/* a broken sequence ends before the bad byte, which may begin another */
		size_t bad = u.have ? valid : valid + 1;

		o = put(o, p, valid);
		o = put(o - u.have, UTF8_REPLACEMENT, 3);
		p += bad;
		n -= bad;
		u = (struct utf8){ 0 };
	}
	o = put(o, p, n) - u.have;
	*tail_n = last ? 0 : u.have;
	put(tail, o, *tail_n);
	if (last && u.have)
		o = put(o, UTF8_REPLACEMENT, 3);
	return (size_t)(o - out);
}
