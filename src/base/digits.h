/* SPDX-License-Identifier: MIT */
/* digits.h - a number in decimal, where printf(3) would take longer than all around it.
 */
#ifndef BASE_DIGITS_H
#define BASE_DIGITS_H

#include <stddef.h>

#define DIGITS_MAX 40 /* room for what any of these writes; none writes a NUL */

/* N to OUT: how many digits it has. */
size_t digits(char *out, unsigned long long n);

/* The last WIDTH digits of N, with zeros before them: WIDTH. */
size_t digits_wide(char *out, unsigned long long n, unsigned width);

/* VALUE, rounded to DECIMALS (1 to 6) behind its point: how many bytes.  What is less
 * than 0, or no number, is 0; what is more than 1e12 is that. */
size_t digits_fixed(char *out, double value, unsigned decimals);

#endif
