/* SPDX-License-Identifier: MIT */
/* Numbers in decimal are as printf(3) has them. */
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "digits.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* OUT has the N bytes of EXPECTED, and nothing was written behind them. */
static void check(const char *out, size_t n, const char *expected)
{
	assert_int_equal(n, strlen(expected));
	assert_memory_equal(out, expected, n);
	for (size_t i = n; i < DIGITS_MAX + 1; i++)
		assert_int_equal(out[i], '#');
}

static void check_number(unsigned long long n)
{
	char out[DIGITS_MAX + 1], expected[64];

	memset(out, '#', sizeof(out));
	snprintf(expected, sizeof(expected), "%llu", n);
	check(out, digits(out, n), expected);
}

TEST(a_number_has_its_digits_and_no_more)
{
	check_number(0);
	check_number(ULLONG_MAX);
	for (unsigned long long n = 1; n < ULLONG_MAX / 10; n *= 10) {
		check_number(n - 1);
		check_number(n);
		check_number(n * 7 + 3);
	}
}

TEST(a_width_is_filled_with_zeros_and_keeps_the_last_digits)
{
	static const struct {
		unsigned long long n;
		unsigned width;
		const char *text;
	} rows[] = {
		{ 0, 3, "000" }, { 7, 3, "007" },   { 120, 3, "120" },
		{ 9, 1, "9" },   { 2026, 2, "26" }, { 2026, 4, "2026" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char out[DIGITS_MAX + 1];

		memset(out, '#', sizeof(out));
		check(out, digits_wide(out, rows[i].n, rows[i].width), rows[i].text);
	}
}

TEST(a_fraction_is_rounded_to_its_decimals)
{
	static const struct {
		double value;
		unsigned decimals;
		const char *text;
	} rows[] = {
		{ 0, 3, "0.000" },
		{ 1.25, 3, "1.250" },
		{ 0.0012, 6, "0.001200" },
		{ 1.2, 1, "1.2" },
		{ 0.9996, 3, "1.000" },
		{ 59.9994, 3, "59.999" },
		{ 86400.001, 3, "86400.001" },
		{ 1e12, 6, "1000000000000.000000" },
		{ INFINITY, 1, "1000000000000.0" },
		{ -0.5, 3, "0.000" },
		{ NAN, 3, "0.000" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char out[DIGITS_MAX + 1];

		memset(out, '#', sizeof(out));
		check(out, digits_fixed(out, rows[i].value, rows[i].decimals),
		      rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_has_its_digits_and_no_more),
		cmocka_unit_test(a_width_is_filled_with_zeros_and_keeps_the_last_digits),
		cmocka_unit_test(a_fraction_is_rounded_to_its_decimals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
