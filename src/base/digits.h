/* SPDX-License-Identifier: MIT */
/* digits.h - numbers in decimal, where printf(3) would be most of the cost. */
#ifndef BASE_DIGITS_H
#define BASE_DIGITS_H

#include <stddef.h>

#define DIGITS_MAX 40 /* room for whatever these functions write; none writes a NUL */

/* Write N to OUT: the number of digits. */
size_t digits(char *out, unsigned long long n);

/* Write the last WIDTH digits of N, padded with zeros on the left: WIDTH. */
size_t digits_wide(char *out, unsigned long long n, unsigned width);

/* Write VALUE, rounded to DECIMALS (1 to 6) digits behind its point: the number of
 * bytes.  A negative value and NaN become 0, one above 1e12 becomes 1e12. */
size_t digits_fixed(char *out, double value, unsigned decimals);

#endif
