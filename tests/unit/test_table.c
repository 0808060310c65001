/* SPDX-License-Identifier: MIT */
/* Tables for people: columns line up, numbers are short. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "table.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

TEST(columns_line_up_by_characters_not_bytes)
{
	static const char *const heads[] = { ">ID", "PATH", "LAST", NULL };
	struct table *t = table_new(heads);
	char *text;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	table_add(t, "%d", 7);
	table_add(t, "/grüße");
	table_add(t, "x");
	table_add(t, "%d", 1234);
	table_add(t, "/a\n");
	table_add(t, "y");
	table_print(t, f);
	fclose(f);
	assert_string_equal(text, "  ID  PATH    LAST\n"
				  "   7  /grüße  x\n"
				  "1234  /a\\x0A  y\n");
	free(text);
	table_free(t);
	table_free(NULL);
}

TEST(seconds_have_two_units_at_the_most)
{
	char out[32];

	assert_string_equal(cell_seconds(0.04, out), "0.0s");
	assert_string_equal(cell_seconds(9.94, out), "9.9s");
	assert_string_equal(cell_seconds(42.9, out), "42s");
	assert_string_equal(cell_seconds(432, out), "7m12s");
	assert_string_equal(cell_seconds(7500, out), "2h5m");
	assert_string_equal(cell_seconds(3 * 86400 + 4 * 3600 + 59 * 60, out), "3d4h");
}

TEST(exact_seconds_have_no_more_digits_than_mean_something)
{
	char out[32];

	assert_string_equal(cell_exact(1234567.0, out), "1234567");
	assert_string_equal(cell_exact(0.10000000001, out), "0.1");
	assert_string_equal(cell_exact(2.02679123, out), "2.027");
	assert_string_equal(cell_exact(0.00204999, out), "0.002");
	assert_string_equal(cell_exact(0.00017234, out), "0.000172");
	assert_string_equal(cell_exact(60, out), "60");
	assert_string_equal(cell_exact(0, out), "0");
}

TEST(bytes_have_a_unit_of_1024)
{
	char out[32];

	assert_string_equal(cell_bytes(0, out), "0");
	assert_string_equal(cell_bytes(1023, out), "1023");
	assert_string_equal(cell_bytes(1536, out), "1.5k");
	assert_string_equal(cell_bytes(12.0 * 1024 * 1024, out), "12M");
	assert_string_equal(cell_bytes(4.0 * 1024 * 1024 * 1024, out), "4.0G");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_line_up_by_characters_not_bytes),
		cmocka_unit_test(seconds_have_two_units_at_the_most),
		cmocka_unit_test(exact_seconds_have_no_more_digits_than_mean_something),
		cmocka_unit_test(bytes_have_a_unit_of_1024),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
