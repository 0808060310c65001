/* SPDX-License-Identifier: MIT */
/* Bytes <-> strict base64. */
#include "base64.h"

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

long base64_decode(struct span in, char *out, size_t cap)
{
	size_t pad = 0, n = 0;
	unsigned bits = 0;

	if (in.n == 0 || in.n % 4 != 0)
		return -1;
	while (pad < 2 && in.p[in.n - 1 - pad] == '=')
		pad++;
	if (in.n / 4 * 3 - pad > cap)
		return -1;
	for (size_t i = 0; i < in.n - pad; i++) {
		int value = base64_value(in.p[i]);

		if (value < 0)
			return -1;
		bits = bits << 6 | (unsigned)value;
		if (i % 4 > 0)
			out[n++] = (char)(bits >> (6 - 2 * (i % 4)));
	}
	return (bits & ((1U << (2 * pad)) - 1)) == 0 ? (long)n : -1;
}

void base64_encode(struct span in, char *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = (const unsigned char *)in.p;

	for (size_t left = in.n; left > 0; p += 3) {
		unsigned bits = (unsigned)p[0] << 16 | (left > 1 ? p[1] : 0U) << 8 |
				(left > 2 ? p[2] : 0U);

		*out++ = digits[bits >> 18];
		*out++ = digits[bits >> 12 & 63];
		*out++ = left > 1 ? digits[bits >> 6 & 63] : '=';
		*out++ = left > 2 ? digits[bits & 63] : '=';
		left -= left < 3 ? left : 3;
	}
	*out = 0;
}
