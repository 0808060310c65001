/* SPDX-License-Identifier: MIT */
/* The dates of HTTP, read and written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http_date.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

#define SAMPLE 784111777 /* Sun, 06 Nov 1994 08:49:37 GMT */

static bool parse(const char *text, time_t *ret)
{
	return http_date_parse((struct span){ text, strlen(text) }, ret);
}

TEST(all_three_forms_are_read)
{
	static const char *const forms[] = { "Sun, 06 Nov 1994 08:49:37 GMT",
					     "Sunday, 06-Nov-94 08:49:37 GMT",
					     "Sun Nov  6 08:49:37 1994" };

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		time_t when = 0;

		assert_true(parse(forms[i], &when));
		assert_int_equal(when, SAMPLE);
	}
}

TEST(what_is_written_is_read_again)
{
	static const time_t times[] = { 0, 1, SAMPLE, 951782400, 4102444799, -1 };
	char text[HTTP_DATE_SIZE];

	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		time_t when = 5;

		assert_true(parse(http_date_text(times[i], text), &when));
		assert_int_equal(when, times[i]);
	}
	assert_string_equal(http_date_text(SAMPLE, text),
			    "Sun, 06 Nov 1994 08:49:37 GMT");
	assert_string_equal(http_date_text(INT64_MAX / 2, text), "");
	assert_string_equal(http_date_text(253402300800, text), ""); /* the year 10000 */
}

TEST(a_year_of_two_digits_is_of_this_century_up_to_69)
{
	time_t old = 0, new = 0;

	assert_true(parse("Thursday, 01-Jan-70 00:00:00 GMT", &old));
	assert_int_equal(old, 0);
	assert_true(parse("Tuesday, 01-Jan-69 00:00:00 GMT", &new));
	assert_int_equal(new, 3124224000);
}

TEST(anything_else_is_no_date)
{
	static const char *const wrong[] = {
		"",
		"Sun",
		"Sun, 06 Nov 1994 08:49:37",
		"Sun, 06 Nov 1994 08:49:37 GMT ",
		"Sun, 06 Nov 1994 08:49:37 UTC",
		"sun, 06 Nov 1994 08:49:37 GMT",
		"Sun, 6 Nov 1994 08:49:37 GMT",
		"Sun, 00 Nov 1994 08:49:37 GMT",
		"Sun, 32 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nox 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 24:49:37 GMT",
		"Sun, 06 Nov 1994 08:60:37 GMT",
		"Sun, 06 Nov 1994 08:49:61 GMT",
		"Sun, 06 Nov -994 08:49:37 GMT",
		"Sun, 06-Nov-94 08:49:37 GMT",
		"Sun Nov 6 08:49:37 1994",
		"784111777",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		time_t when = 5;

		assert_false(parse(wrong[i], &when));
		assert_int_equal(when, 5);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_three_forms_are_read),
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(a_year_of_two_digits_is_of_this_century_up_to_69),
		cmocka_unit_test(anything_else_is_no_date),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
