/* SPDX-License-Identifier: MIT */
/* Addresses that failed too often lately. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "backoff.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define RATE (5 / 60.0)

static struct addr address(const char *host)
{
	struct addr a;

	assert_true(addr_inet(host, 1, &a));
	return a;
}

static void fail_times(struct backoff *b, const struct addr *a, unsigned n, double now)
{
	while (n-- > 0)
		backoff_add(b, a, RATE, now);
}

TEST(a_minutes_worth_of_failures_is_free)
{
	struct backoff b = { 0 };
	struct addr a = address("192.0.2.1"), other = address("192.0.2.2");

	assert_true(backoff_wait(&b, &a, RATE, 100) == 0);
	fail_times(&b, &a, 4, 100);
	assert_true(backoff_wait(&b, &a, RATE, 100) == 0);
	fail_times(&b, &a, 1, 100);
	assert_float_equal(backoff_wait(&b, &a, RATE, 100), 12, 1e-6);
	assert_float_equal(backoff_wait(&b, &a, RATE, 105), 7, 1e-6);
	assert_true(backoff_wait(&b, &a, RATE, 112.001) == 0);
	assert_true(backoff_wait(&b, &other, RATE, 100) == 0);
	backoff_free(&b);
}

TEST(what_came_at_once_beyond_it_has_to_be_waited_for)
{
	struct backoff b = { 0 };
	struct addr a = address("192.0.2.1");

	fail_times(&b, &a, 64, 100);
	assert_float_equal(backoff_wait(&b, &a, RATE, 100), 60 * 12, 1e-6);
	fail_times(&b, &a, 100000, 100);
	assert_true(backoff_wait(&b, &a, RATE, 100) <= 3600);
	backoff_free(&b);
}

TEST(ipv6_addresses_of_one_64_are_one)
{
	struct backoff b = { 0 };
	struct addr a = address("2001:db8::1"), same = address("2001:db8::2"),
		    other = address("2001:db8:0:1::1");

	fail_times(&b, &a, 5, 100);
	assert_true(backoff_wait(&b, &same, RATE, 100) > 0);
	assert_true(backoff_wait(&b, &other, RATE, 100) == 0);
	backoff_free(&b);
}

TEST(a_rate_of_0_is_no_limit)
{
	struct backoff b = { 0 };
	struct addr a = address("192.0.2.1");

	for (unsigned i = 0; i < 1000; i++)
		backoff_add(&b, &a, 0, 100);
	assert_null(b.slots);
	assert_true(backoff_wait(&b, &a, 0, 100) == 0);
}

TEST(a_crowd_does_not_wash_the_worst_away)
{
	struct backoff b = { 0 };
	struct addr worst = address("192.0.2.1");

	fail_times(&b, &worst, 50, 100);
	for (unsigned i = 0; i < 100000; i++) {
		struct addr a = address("10.0.0.0");

		a.in.sin_addr.s_addr += htonl(i);
		backoff_add(&b, &a, RATE, 100);
	}
	assert_true(backoff_wait(&b, &worst, RATE, 100) > 0);
	backoff_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_minutes_worth_of_failures_is_free),
		cmocka_unit_test(what_came_at_once_beyond_it_has_to_be_waited_for),
		cmocka_unit_test(ipv6_addresses_of_one_64_are_one),
		cmocka_unit_test(a_rate_of_0_is_no_limit),
		cmocka_unit_test(a_crowd_does_not_wash_the_worst_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
