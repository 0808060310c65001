/* SPDX-License-Identifier: MIT */
/* Which word is meant by a misspelt one. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nearest.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

TEST(one_edit_is_an_insertion_a_deletion_a_change_or_a_swap)
{
	assert_int_equal(nearest_distance("queue", "queue"), 0);
	assert_int_equal(nearest_distance("quue", "queue"), 1);
	assert_int_equal(nearest_distance("queuue", "queue"), 1);
	assert_int_equal(nearest_distance("qaeue", "queue"), 1);
	assert_int_equal(nearest_distance("uqeue", "queue"), 1);
	assert_int_equal(nearest_distance("", "queue"), 5);
	assert_int_equal(nearest_distance("kitten", "sitting"), 3);
	assert_int_equal(nearest_distance("Queue", "queue"), 0);
}

static const char *nearest(const char *wanted, const char *const *offers)
{
	static struct nearest n;

	nearest_init(&n, wanted);
	for (; *offers; offers++)
		nearest_offer(&n, *offers);
	return nearest_found(&n);
}

TEST(the_nearest_word_is_found)
{
	static const char *const words[] = { "queue", "close_code", "close_reason",
					     "cat",   "cut",        NULL };

	assert_string_equal(nearest("close_resaon", words), "close_reason");
	assert_string_equal(nearest("quue", words), "queue");
	assert_string_equal(nearest("cta", words), "cat");
	assert_string_equal(nearest("cot", words), "cat"); /* the first of two */
}

TEST(a_far_word_is_not_meant)
{
	static const char *const words[] = { "queue", "cat", NULL };
	static const char *const none[] = { NULL };

	assert_null(nearest("backlog", words));
	assert_null(nearest("cx", words));
	assert_null(nearest("queue", none));
}

TEST(a_very_long_word_is_near_to_nothing)
{
	char longest[NEAREST_MAX + 1], longer[NEAREST_MAX + 2];
	const char *words[] = { longer, NULL };

	memset(longest, 'x', NEAREST_MAX);
	longest[NEAREST_MAX] = 0;
	memset(longer, 'x', NEAREST_MAX + 1);
	longer[NEAREST_MAX + 1] = 0;
	assert_int_equal(nearest_distance(longest, longer), UINT_MAX);
	assert_null(nearest(longest, words));
	words[0] = longest;
	assert_string_equal(nearest(longest, words), longest);
	assert_null(nearest(longer, words));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_edit_is_an_insertion_a_deletion_a_change_or_a_swap),
		cmocka_unit_test(the_nearest_word_is_found),
		cmocka_unit_test(a_far_word_is_not_meant),
		cmocka_unit_test(a_very_long_word_is_near_to_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
