/* SPDX-License-Identifier: MIT */
/* What is counted for a path. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stats.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

/* How many ended with CODE by BY. */
static uint64_t closes(const struct path_stats *s, enum closed_by by, unsigned code)
{
	for (size_t i = 0; i < s->ncloses; i++)
		if (s->closes[i].by == by && s->closes[i].code == code)
			return s->closes[i].sessions;
	return 0;
}

TEST(closes_are_counted_by_code_and_by_who_closed)
{
	struct path_stats s = { 0 };

	stats_count_close(&s, CLOSED_BY_CLIENT, 1000);
	stats_count_close(&s, CLOSED_BY_BACKEND, 1000);
	stats_count_close(&s, CLOSED_BY_BACKEND, 4003);
	stats_count_close(&s, CLOSED_BY_BACKEND, 4003);
	assert_int_equal(s.ncloses, 3);
	assert_int_equal(closes(&s, CLOSED_BY_CLIENT, 1000), 1);
	assert_int_equal(closes(&s, CLOSED_BY_BACKEND, 1000), 1);
	assert_int_equal(closes(&s, CLOSED_BY_BACKEND, 4003), 2);
	stats_free(&s);
	assert_int_equal(s.ncloses, 0);
}

TEST(clients_cannot_make_it_grow_by_codes_of_their_own)
{
	struct path_stats s = { 0 };

	for (unsigned code = 3000; code < 5000; code++)
		stats_count_close(&s, CLOSED_BY_CLIENT, code);
	assert_int_equal(s.ncloses, 2);
	assert_int_equal(closes(&s, CLOSED_BY_CLIENT, 3000), 1000);
	assert_int_equal(closes(&s, CLOSED_BY_CLIENT, 4000), 1000);
	stats_free(&s);
}

TEST(a_sum_follows_the_amounts_that_it_is_made_of)
{
	size_t all = 0, one = 0, two = 0;

	stats_follow(&all, &one, 100);
	stats_follow(&all, &two, 7);
	assert_int_equal(all, 107);
	stats_follow(&all, &one, 30);
	assert_int_equal(all, 37);
	stats_follow(&all, &two, 0);
	stats_follow(&all, &one, 0);
	assert_int_equal(all, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(closes_are_counted_by_code_and_by_who_closed),
		cmocka_unit_test(clients_cannot_make_it_grow_by_codes_of_their_own),
		cmocka_unit_test(a_sum_follows_the_amounts_that_it_is_made_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
