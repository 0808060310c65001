/* SPDX-License-Identifier: MIT */
/* Prometheus' text format: its lines, numbers and escapes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "prometheus.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static char *text;
static size_t size;
static FILE *f;

static int setup(void **state)
{
	(void)state;
	f = open_memstream(&text, &size);
	return f ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	fclose(f);
	free(text);
	return 0;
}

/* What was written since the beginning. */
static const char *written(void)
{
	fflush(f);
	return text;
}

TEST(a_metric_begins_with_its_sentence_and_type)
{
	prometheus_head(f, "a_total", PROMETHEUS_COUNTER, "Things that happened.");
	prometheus_count(f, "a_total", NULL, UINT64_MAX);
	assert_string_equal(written(), "# HELP a_total Things that happened.\n"
				       "# TYPE a_total counter\n"
				       "a_total 18446744073709551615\n");
}

TEST(a_value_keeps_its_digits)
{
	prometheus_value(f, "a", NULL, 1795356170.25);
	prometheus_value(f, "a", NULL, 1e-7);
	prometheus_value(f, "a", NULL, 0);
	assert_string_equal(written(), "a 1795356170.25\na 1e-07\na 0\n");
}

/* The label's value as it is written. */
static const char *value(const char *p)
{
	const struct prometheus_label labels[] = { { "l", p }, { NULL, NULL } };

	teardown(NULL);
	assert_int_equal(setup(NULL), 0);
	prometheus_count(f, "a", labels, 1);
	return written();
}

TEST(a_labels_value_is_escaped_as_the_format_wants)
{
	assert_string_equal(value("/plain path"), "a{l=\"/plain path\"} 1\n");
	assert_string_equal(value("\"\\\n"), "a{l=\"\\\"\\\\\\n\"} 1\n");
	assert_string_equal(value("ü€𝄞"), "a{l=\"ü€𝄞\"} 1\n");
}

TEST(what_is_no_utf8_is_shown_by_its_digits)
{
	assert_string_equal(value("a\xFFz"), "a{l=\"a\xEF\xBF\xBD"
					     "ffz\"} 1\n");
	assert_string_equal(value("\xE2\x82"), "a{l=\"\xEF\xBF\xBD"
					       "e2\xEF\xBF\xBD"
					       "82\"} 1\n");
}

TEST(labels_stand_in_their_order)
{
	const struct prometheus_label two[] = { { "x", "1" },
						{ "y", "2" },
						{ NULL, NULL } };
	const struct prometheus_label none[] = { { NULL, NULL } };

	prometheus_count(f, "a", two, 1);
	prometheus_count(f, "a", none, 1);
	assert_string_equal(written(), "a{x=\"1\",y=\"2\"} 1\na 1\n");
}

TEST(the_buckets_of_a_histogram_add_up)
{
	const double bounds[] = { 0.01, 1 };
	const uint64_t counts[] = { 3, 0, 2 };

	prometheus_histogram(f, "h", bounds, counts, 2, 7.5);
	assert_string_equal(written(), "h_bucket{le=\"0.01\"} 3\n"
				       "h_bucket{le=\"1\"} 3\n"
				       "h_bucket{le=\"+Inf\"} 5\n"
				       "h_sum 7.5\n"
				       "h_count 5\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_metric_begins_with_its_sentence_and_type, setup, teardown),
		cmocka_unit_test_setup_teardown(a_value_keeps_its_digits, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			a_labels_value_is_escaped_as_the_format_wants, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_no_utf8_is_shown_by_its_digits,
						setup, teardown),
		cmocka_unit_test_setup_teardown(labels_stand_in_their_order, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_buckets_of_a_histogram_add_up, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
