/* SPDX-License-Identifier: MIT */
/* The table of metrics keeps to what Prometheus expects of names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "metrics.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static bool ends_in(const char *s, const char *end)
{
	return strlen(s) > strlen(end) && strcmp(s + strlen(s) - strlen(end), end) == 0;
}

/* https://prometheus.io/docs/practices/naming/ */
TEST(only_a_counter_is_called_total)
{
	for (size_t i = 0; i < metrics_count; i++)
		if (ends_in(metrics[i].name, "_total") !=
		    (metrics[i].type == PROMETHEUS_COUNTER))
			fail_msg("%s is no good name for its type", metrics[i].name);
}

TEST(a_name_is_ours_or_that_of_every_process_and_stands_there_once)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz_";

	for (size_t i = 0; i < metrics_count; i++) {
		const char *name = metrics[i].name;

		if (strncmp(name, "wsbridge_", 9) != 0 &&
		    strncmp(name, "process_", 8) != 0)
			fail_msg("%s belongs to nobody", name);
		assert_int_equal(name[strspn(name, letters)], '\0');
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(metrics[j].name, name);
	}
}

TEST(its_help_is_a_sentence_on_one_line)
{
	for (size_t i = 0; i < metrics_count; i++) {
		const char *help = metrics[i].help;

		if (!help || !ends_in(help, ".") || strpbrk(help, "\\\n"))
			fail_msg("%s has no sentence", metrics[i].name);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_counter_is_called_total),
		cmocka_unit_test(
			a_name_is_ours_or_that_of_every_process_and_stands_there_once),
		cmocka_unit_test(its_help_is_a_sentence_on_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
