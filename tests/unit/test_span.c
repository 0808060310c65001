/* SPDX-License-Identifier: MIT */
/* Cutting up runs of bytes that somebody else owns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "span.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static void expect(struct span s, const char *text)
{
	assert_int_equal(s.n, strlen(text));
	assert_memory_equal(s.p, text, s.n);
}

TEST(each_cut_takes_one_separator)
{
	struct span rest = SPAN("a,,bc");

	expect(span_cut(&rest, ','), "a");
	expect(span_cut(&rest, ','), "");
	expect(rest, "bc");
}

TEST(without_a_separator_the_cut_is_everything)
{
	struct span rest = SPAN("abc");

	expect(span_cut(&rest, ','), "abc");
	assert_int_equal(rest.n, 0);
	expect(span_cut(&rest, ','), "");
}

TEST(a_separator_at_the_end_goes_too)
{
	struct span rest = SPAN("abc,");

	expect(span_cut(&rest, ','), "abc");
	assert_int_equal(rest.n, 0);
}

TEST(bytes_that_are_not_there_can_be_cut)
{
	struct span rest = { NULL, 0 };

	assert_int_equal(span_cut(&rest, ',').n, 0);
	assert_int_equal(span_trim(rest).n, 0);
}

TEST(only_what_is_there_is_taken)
{
	struct span s = SPAN("W/x");

	assert_false(span_take(&s, SPAN("w/")));
	assert_false(span_take(&s, SPAN("W/x\0"))); /* and not what lies behind */
	expect(s, "W/x");
	assert_true(span_take(&s, SPAN("W/")));
	expect(s, "x");
}

TEST(blanks_around_go_and_those_inside_stay)
{
	expect(span_trim(SPAN(" \t a b\t ")), "a b");
	expect(span_trim(SPAN("\ra\n")), "\ra\n");
	expect(span_trim(SPAN(" \t ")), "");
}

TEST(a_port_has_one_to_five_digits)
{
	assert_int_equal(span_port(SPAN("0")), 0);
	assert_int_equal(span_port(SPAN("65535")), 65535);
	assert_int_equal(span_port(SPAN("65536")), -1);
	assert_int_equal(span_port(SPAN("000080")), -1);
	assert_int_equal(span_port(SPAN("")), -1);
	assert_int_equal(span_port(SPAN("8a")), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_cut_takes_one_separator),
		cmocka_unit_test(without_a_separator_the_cut_is_everything),
		cmocka_unit_test(a_separator_at_the_end_goes_too),
		cmocka_unit_test(bytes_that_are_not_there_can_be_cut),
		cmocka_unit_test(only_what_is_there_is_taken),
		cmocka_unit_test(blanks_around_go_and_those_inside_stay),
		cmocka_unit_test(a_port_has_one_to_five_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
