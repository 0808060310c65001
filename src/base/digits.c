/* SPDX-License-Identifier: MIT */
/* Numbers in decimal, where printf(3) would be most of the cost. */
#include "digits.h"

size_t digits_wide(char *out, unsigned long long n, unsigned width)
{
	for (unsigned i = width; i > 0; n /= 10)
		out[--i] = (char)('0' + n % 10);
	return width;
}

size_t digits(char *out, unsigned long long n)
{
	unsigned width = 1;

	for (unsigned long long rest = n; rest >= 10; rest /= 10)
		width++;
	return digits_wide(out, n, width);
}

size_t digits_fixed(char *out, double value, unsigned decimals)
{
	static const unsigned scales[] = { 1, 10, 100, 1000, 10000, 100000, 1000000 };
	unsigned scale = scales[decimals];
	unsigned long long n = 0;
	size_t at;

	if (value > 1e12)
		value = 1e12;
	if (value > 0) /* NaN is not */
		n = (unsigned long long)(value * scale + 0.5);
	at = digits(out, n / scale);
	out[at++] = '.';
	return at + digits_wide(out + at, n % scale, decimals);
}
