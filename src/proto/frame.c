/* SPDX-License-Identifier: MIT */
/* Encodes and decodes a WebSocket frame header; (un)masks a word at a time. */
#include <string.h>

#include "frame.h"

#define FIN 0x80
#define MASKED 0x80
#define LENGTH_16 126 /* the next 2 bytes are the length */
#define LENGTH_64 127 /* the next 8 */

/* Bytes of the header without its masking key, of which SECOND is the second byte. */
static size_t unmasked_size(unsigned second)
{
	switch (second & 0x7F) {
	case LENGTH_16:
		return 2 + 2;
	case LENGTH_64:
		return 2 + 8;
	default:
		return 2;
	}
}

static uint64_t get_big_endian(const uint8_t *p, size_t n)
{
	uint64_t value = 0;

	while (n-- > 0)
		value = value << 8 | *p++;
	return value;
}

static void put_big_endian(char *out, size_t n, uint64_t value)
{
	while (n-- > 0) {
		out[n] = (char)(value & 0xFF);
		value >>= 8;
	}
}

/* RFC 6455 5.2: "the minimal number of bytes MUST be used to encode the length", "the
 * most significant bit MUST be 0". */
static bool is_canonical(uint64_t length, size_t size)
{
	if (size == 2 + 2)
		return length >= LENGTH_16;
	if (size == 2 + 8)
		return length > UINT16_MAX && length <= INT64_MAX;
	return true;
}

size_t frame_header_size(const char *p)
{
	unsigned second = (uint8_t)p[1];

	return unmasked_size(second) + (second & MASKED ? 4 : 0);
}

bool frame_decode(const char *p, struct frame_header *ret)
{
	const uint8_t *h = (const uint8_t *)p;
	size_t size = unmasked_size(h[1]);
	uint64_t length = size == 2 ? h[1] & 0x7FU : get_big_endian(h + 2, size - 2);

	if (!is_canonical(length, size))
		return false;
	ret->fin = h[0] & FIN;
	ret->rsv = h[0] >> 4 & 7;
	ret->opcode = h[0] & 0xF;
	ret->masked = h[1] & MASKED;
	ret->length = length;
	ret->size = (uint8_t)size;
	if (ret->masked) {
		memcpy(ret->key, h + size, 4);
		ret->size += 4;
	}
	return true;
}

size_t frame_encode(char *out, enum opcode opcode, bool fin, uint64_t n)
{
	out[0] = (char)((fin ? FIN : 0) | opcode);
	if (n < LENGTH_16) {
		out[1] = (char)n;
		return 2;
	}
	if (n <= UINT16_MAX) {
		out[1] = LENGTH_16;
		put_big_endian(out + 2, 2, n);
		return 2 + 2;
	}
	out[1] = LENGTH_64;
	put_big_endian(out + 2, 8, n);
	return 2 + 8;
}

size_t frame_encode_masked(char *out, enum opcode opcode, bool fin, uint64_t n,
			   const uint8_t key[4])
{
	size_t size = frame_encode(out, opcode, fin, n);

	out[1] = (char)(out[1] | MASKED);
	memcpy(out + size, key, 4);
	return size + 4;
}

static inline void mask_word(char *p, uint64_t word)
{
	uint64_t value;

	memcpy(&value, p, sizeof(value));
	value ^= word;
	memcpy(p, &value, sizeof(value));
}

/* What one instruction takes, wherever it lies. */
typedef uint64_t vector __attribute__((vector_size(16), aligned(1), may_alias));

/* XOR 64 bytes at P with WORDS. */
static inline void mask_block(vector *p, vector words)
{
	p[0] ^= words;
	p[1] ^= words;
	p[2] ^= words;
	p[3] ^= words;
}

unsigned frame_mask(char *p, size_t n, const uint8_t key[4], unsigned phase)
{
	unsigned after = (unsigned)(phase + n) & 3;
	uint8_t turned[8]; /* the key twice, beginning at the phase */
	uint64_t word;

	for (unsigned i = 0; i < 8; i++)
		turned[i] = key[(phase + i) & 3];
	memcpy(&word, turned, sizeof(word));
	for (; n >= 64; p += 64, n -= 64)
		mask_block((vector *)p, (vector){ word, word });
	for (; n >= 8; p += 8, n -= 8)
		mask_word(p, word);
	for (size_t i = 0; i < n; i++)
		p[i] = (char)(p[i] ^ turned[i]);
	return after;
}

size_t frame_whole_size(const char *p)
{
	const uint8_t *h = (const uint8_t *)p;
	size_t size = unmasked_size(h[1]);

	return size +
	       (size == 2 ? h[1] & 0x7FU : (size_t)get_big_endian(h + 2, size - 2));
}
