/* SPDX-License-Identifier: MIT */
/* A token bucket: how many events may come at once, and after how long the next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bucket.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

/* Events of RATE a second that may come at NOW, of 1000 that want to. */
static int taken(struct bucket *b, double rate, double now)
{
	int n = 0;

	for (int i = 0; i < 1000; i++)
		n += bucket_take(b, rate, now);
	return n;
}

TEST(one_seconds_worth_may_come_at_once)
{
	struct bucket b;

	bucket_init(&b, 20, 100);
	assert_int_equal(taken(&b, 20, 100), 20);
	assert_int_equal(taken(&b, 20, 100), 0);
}

TEST(then_they_come_at_the_rate)
{
	struct bucket b;

	bucket_init(&b, 20, 100);
	taken(&b, 20, 100);
	assert_int_equal(taken(&b, 20, 100.255), 5);
	assert_int_equal(taken(&b, 20, 200), 20); /* no more is saved */
}

TEST(a_slow_rate_lets_the_first_one_through)
{
	struct bucket b;

	bucket_init(&b, 0.1, 100);
	assert_int_equal(taken(&b, 0.1, 100), 1);
	assert_int_equal(taken(&b, 0.1, 109), 0);
	assert_int_equal(taken(&b, 0.1, 110.1), 1);
}

TEST(no_rate_is_no_limit)
{
	struct bucket b;

	bucket_init(&b, 0, 100);
	assert_int_equal(taken(&b, 0, 100), 1000);
}

TEST(a_rate_that_is_changed_holds_at_once)
{
	struct bucket b;

	bucket_init(&b, 100, 100);
	assert_int_equal(taken(&b, 10, 100), 10);
	assert_int_equal(taken(&b, 100, 100.505), 50);
}

TEST(what_did_not_come_may_come_again)
{
	struct bucket b;

	bucket_init(&b, 1, 100);
	assert_true(bucket_take(&b, 1, 100));
	bucket_give_back(&b);
	assert_true(bucket_take(&b, 1, 100));
	assert_false(bucket_take(&b, 1, 100));
}

TEST(after_the_wait_the_next_one_may_come)
{
	struct bucket b;

	bucket_init(&b, 4, 100);
	taken(&b, 4, 100.1);
	assert_false(bucket_take(&b, 4, 100.1 + bucket_wait(&b, 4) * 0.9));
	assert_true(bucket_take(&b, 4, 100.1 + 0.26));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_seconds_worth_may_come_at_once),
		cmocka_unit_test(then_they_come_at_the_rate),
		cmocka_unit_test(a_slow_rate_lets_the_first_one_through),
		cmocka_unit_test(no_rate_is_no_limit),
		cmocka_unit_test(a_rate_that_is_changed_holds_at_once),
		cmocka_unit_test(what_did_not_come_may_come_again),
		cmocka_unit_test(after_the_wait_the_next_one_may_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
