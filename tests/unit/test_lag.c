/* SPDX-License-Identifier: MIT */
/* The histogram of the loop's turns, and how long the longest is remembered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lag.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

/* A turn of SECONDS that ends at NOW. */
static void turn(struct lag *l, double now, double seconds)
{
	lag_turn(l, now - seconds, now);
}

static void is_near(double is, double expected)
{
	assert_true(is > expected - 1e-9 && is < expected + 1e-9);
}

TEST(a_turn_is_counted_below_its_bound)
{
	struct lag l = { 0 };
	uint64_t all = 0;

	lag_turn(&l, 0, lag_bounds[0]);
	lag_turn(&l, 0, lag_bounds[0] * 1.01);
	lag_turn(&l, 0, lag_bounds[LAG_BOUNDS - 1]);
	lag_turn(&l, 0, 1000);
	assert_int_equal(l.turns[0], 1);
	assert_int_equal(l.turns[1], 1);
	assert_int_equal(l.turns[LAG_BOUNDS - 1], 1);
	assert_int_equal(l.turns[LAG_BOUNDS], 1);
	for (unsigned i = 0; i <= LAG_BOUNDS; i++)
		all += l.turns[i];
	assert_int_equal(all, 4);
	is_near(l.seconds, 2.01 * lag_bounds[0] + lag_bounds[LAG_BOUNDS - 1] + 1000);
}

TEST(the_bounds_ascend)
{
	for (unsigned i = 1; i < LAG_BOUNDS; i++)
		assert_true(lag_bounds[i] > lag_bounds[i - 1]);
}

TEST(the_longest_turn_is_remembered_for_a_minute_at_least_and_two_at_most)
{
	struct lag l = { 0 };

	turn(&l, 1000, 0.001);
	turn(&l, 1010, 0.5);
	turn(&l, 1020, 0.002);
	is_near(lag_longest(&l, 1020), 0.5);
	turn(&l, 1061, 0.003); /* the next window */
	turn(&l, 1070, 0.004);
	is_near(lag_longest(&l, 1070.5), 0.5);
	turn(&l, 1122, 0.001); /* the one after */
	is_near(lag_longest(&l, 1122), 0.004);
}

TEST(a_loop_that_slept_through_has_no_lag)
{
	struct lag l = { 0 };

	turn(&l, 1000, 0.5);
	is_near(lag_longest(&l, 1000), 0.5);
	is_near(lag_longest(&l, 1100), 0.5);
	is_near(lag_longest(&l, 1121), 0);
	turn(&l, 5000, 0.001);
	is_near(lag_longest(&l, 5000), 0.001);
}

/* ---- CPU time ---- */

static struct {
	double shows;
	unsigned looks;
} clock;

static double look(void)
{
	clock.looks++;
	return clock.shows;
}

TEST(a_turn_in_which_others_had_the_processor_counts_with_its_own_work)
{
	struct lag_cpu l = { .at = 1000, .cpu = 7 };

	clock.shows = 7.002;
	lag_cpu_turn(&l, 1001, 1001.05, look);
	is_near(lag_longest(&l.lag, 1002), 0.002);
	is_near(l.lag.seconds, 0.002);
	clock.shows = 7.502; /* sleeping is no work, either */
	lag_cpu_turn(&l, 1003, 1003.5, look);
	is_near(lag_longest(&l.lag, 1004), 0.5);
}

TEST(no_turn_has_more_work_than_it_has_lasted)
{
	struct lag_cpu l = { .at = 1000, .cpu = 7 };

	clock.shows = 9; /* of turns before, which were not looked at */
	lag_cpu_turn(&l, 1000.2, 1000.21, look);
	is_near(lag_longest(&l.lag, 1001), 0.01);
}

TEST(the_clock_of_the_cpu_is_asked_once_in_a_millisecond_at_most)
{
	struct lag_cpu l = { 0 };
	double now = 1000;

	clock.looks = 0;
	for (int i = 0; i < 1000; i++) {
		now += 0.0001;
		clock.shows = now - 1000;
		lag_cpu_turn(&l, now - 0.0001, now, look);
	}
	assert_in_range(clock.looks, 80, 101);
	is_near(l.lag.seconds, 0.1);
	assert_int_equal(l.lag.turns[0] + l.lag.turns[1], 1000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_turn_is_counted_below_its_bound),
		cmocka_unit_test(the_bounds_ascend),
		cmocka_unit_test(
			the_longest_turn_is_remembered_for_a_minute_at_least_and_two_at_most),
		cmocka_unit_test(a_loop_that_slept_through_has_no_lag),
		cmocka_unit_test(
			a_turn_in_which_others_had_the_processor_counts_with_its_own_work),
		cmocka_unit_test(no_turn_has_more_work_than_it_has_lasted),
		cmocka_unit_test(
			the_clock_of_the_cpu_is_asked_once_in_a_millisecond_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
