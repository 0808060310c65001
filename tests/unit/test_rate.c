/* SPDX-License-Identifier: MIT */
/* A rate is what passed between two looks, however many look. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rate.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static void is(double value, double expected)
{
	assert_float_equal(value, expected, 0.001);
}

TEST(the_first_look_sees_all_since_the_begin)
{
	struct rate r = { .at = 100 };

	is(rate_look(&r, 110, 500), 50);
}

TEST(a_later_look_sees_what_passed_since_the_one_before)
{
	struct rate r = { .at = 100 };

	rate_look(&r, 101, 1000);
	is(rate_look(&r, 103, 1300), 150);
	is(rate_look(&r, 104, 1300), 0);
}

/* Two dashboards ask at their own times: neither takes the other's bytes away. */
TEST(a_look_soon_after_another_sees_the_same)
{
	struct rate r = { .at = 100 };

	is(rate_look(&r, 100.5, 700), 0);
	is(rate_look(&r, 101, 1000), 1000);
	is(rate_look(&r, 101.1, 1500), 1000);
	is(rate_look(&r, 102, 1500), 500);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_look_sees_all_since_the_begin),
		cmocka_unit_test(a_later_look_sees_what_passed_since_the_one_before),
		cmocka_unit_test(a_look_soon_after_another_sees_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
