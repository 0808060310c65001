/* SPDX-License-Identifier: MIT */
/* SHA-1 of a text that lies in memory. */
#include <stdint.h>
#include <string.h>

#include "sha1.h"

#define BLOCK 64 /* bytes */
#define LENGTH 8 /* bytes at the end of the last block: how many bits there are */
#define ROUNDS 80

static uint32_t rotate(uint32_t x, unsigned bits)
{
	return x << bits | x >> (32 - bits);
}

static uint32_t get32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put32(unsigned char *p, uint32_t x)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (unsigned char)(x >> (24 - 8 * i));
}

/* f and K of round T (4.1.1, 4.2.1). */
static uint32_t mix(unsigned t, uint32_t b, uint32_t c, uint32_t d)
{
	switch (t / 20) {
	case 0:
		return ((b & c) | (~b & d)) + 0x5a827999;
	case 1:
		return (b ^ c ^ d) + 0x6ed9eba1;
	case 2:
		return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
	default:
		return (b ^ c ^ d) + 0xca62c1d6;
	}
}

/* 6.1.2 */
static void add_block(uint32_t h[5], const unsigned char *block)
{
	uint32_t w[ROUNDS], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

	for (unsigned t = 0; t < 16; t++)
		w[t] = get32(block + 4 * (size_t)t);
	for (unsigned t = 16; t < ROUNDS; t++)
		w[t] = rotate(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
	for (unsigned t = 0; t < ROUNDS; t++) {
		uint32_t next = rotate(a, 5) + mix(t, b, c, d) + e + w[t];

		e = d;
		d = c;
		c = rotate(b, 30);
		b = a;
		a = next;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
}

/* What is left of TEXT behind its whole blocks, a bit, zeros, and its length (5.1.1). */
static void add_rest(uint32_t h[5], struct span rest, uint64_t bits)
{
	unsigned char last[2 * BLOCK] = { 0 };
	size_t n = rest.n + 1 + LENGTH <= BLOCK ? BLOCK : 2 * BLOCK;

	memcpy(last, rest.p, rest.n);
	last[rest.n] = 0x80;
	put32(last + n - LENGTH, (uint32_t)(bits >> 32));
	put32(last + n - LENGTH / 2, (uint32_t)bits);
	for (size_t at = 0; at < n; at += BLOCK)
		add_block(h, last + at);
}

void sha1(struct span text, unsigned char out[SHA1_SIZE])
{
	uint32_t h[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 };
	uint64_t bits = (uint64_t)text.n * 8;

	for (; text.n >= BLOCK; text.p += BLOCK, text.n -= BLOCK)
		add_block(h, (const unsigned char *)text.p);
	add_rest(h, text, bits);
	for (size_t i = 0; i < 5; i++)
		put32(out + 4 * i, h[i]);
}
