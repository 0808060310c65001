/* SPDX-License-Identifier: MIT */
/* How many lines a reason gets in a second, and what becomes of the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "log_impl.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static const char a[] = "a", b[] = "b";
static struct log_limit limit;

static int setup(void **state)
{
	(void)state;
	limit = (struct log_limit){ 0 };
	return 0;
}

/* How many of N lines for NAME and KIND pass at NOW, with 10 in a second. */
static unsigned take(const char *name, unsigned kind, unsigned n, double now)
{
	struct log_reason reason = { name, kind, LOG_LEVEL_INFO };
	unsigned passed = 0;

	while (n--)
		passed += log_limit_take(&limit, &reason, 10, now);
	return passed;
}

TEST(ten_a_second_pass_and_ten_in_the_next)
{
	struct log_window w;

	assert_int_equal(take(a, 0, 25, 100.0), 10);
	assert_int_equal(take(a, 0, 5, 100.99), 0);
	assert_false(log_limit_over(&limit, 100.99, &w));
	assert_true(log_limit_over(&limit, 101.0, &w));
	assert_ptr_equal(w.reason.name, a);
	assert_int_equal(w.more, 20);
	assert_int_equal(limit.untold, 0);
	assert_false(log_limit_over(&limit, 200, &w));
	assert_int_equal(take(a, 0, 11, 101.0), 10);
}

TEST(a_second_without_excess_is_forgotten)
{
	for (double now = 5; now < 20; now++)
		assert_int_equal(take(a, 0, 10, now), 10);
	assert_int_equal(limit.untold, 0);
}

TEST(reasons_and_their_kinds_do_not_share)
{
	assert_int_equal(take(a, 403, 20, 1), 10);
	assert_int_equal(take(a, 404, 20, 1), 10);
	assert_int_equal(take(b, 404, 20, 1), 10);
	assert_int_equal(limit.untold, 30);
}

TEST(the_table_is_bounded_and_what_is_beyond_shares)
{
	struct log_window w;
	unsigned long more = 0;

	for (unsigned kind = 0; kind < LOG_REASONS; kind++)
		assert_int_equal(take(a, kind, 11, 1), 10);
	assert_int_equal(take(b, 1, 6, 1), 6);
	assert_int_equal(take(b, 2, 6, 1), 4);
	while (log_limit_over(&limit, 2, &w)) {
		more += w.more;
		if (!w.reason.name)
			assert_int_equal(w.more, 2);
	}
	assert_int_equal(more, LOG_REASONS + 2);
	assert_int_equal(take(b, 1, 11, 3), 10); /* room again, of its own */
	assert_int_equal(take(b, 2, 11, 3), 10);
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(ten_a_second_pass_and_ten_in_the_next),
		T(a_second_without_excess_is_forgotten),
		T(reasons_and_their_kinds_do_not_share),
		T(the_table_is_bounded_and_what_is_beyond_shares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
