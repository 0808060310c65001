/* SPDX-License-Identifier: MIT */
/* What each kind of number may look like, and what is said of the others. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "num.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static char err[NUM_ERR];

TEST(a_boolean_is_one_of_six_words)
{
	static const struct {
		const char *text;
		bool value;
	} good[] = {
		{ "yes", true }, { "on", true },   { "true", true },   { "Yes", true },
		{ "no", false }, { "off", false }, { "false", false },
	};

	for (size_t i = 0; i < COUNT(good); i++) {
		bool b = !good[i].value;

		assert_int_equal(num_bool(good[i].text, &b, err), 0);
		assert_int_equal(b, good[i].value);
	}
}

TEST(what_is_no_boolean_is_said_so)
{
	bool b = true;

	assert_true(num_bool("maybe", &b, err) < 0);
	assert_string_equal(err, "maybe is not yes or no");
	assert_true(num_bool("", &b, err) < 0);
	assert_true(num_bool("1", &b, err) < 0);
	assert_true(b);
}

/* The value, or the error text. */
static const char *integer(const char *text, long min, long max)
{
	static char out[NUM_ERR];
	long n = -99;

	if (num_int(text, min, max, &n, out) == 0)
		snprintf(out, sizeof(out), "%ld", n);
	else
		assert_int_equal(n, -99); /* set only on success */
	return out;
}

TEST(an_integer_lies_in_its_range)
{
	assert_string_equal(integer("0", 0, 9), "0");
	assert_string_equal(integer("9", 0, 9), "9");
	assert_string_equal(integer("-3", -3, 9), "-3");
	assert_string_equal(integer("007", 0, 9), "7");
	assert_string_equal(integer("70000", 1, 65535),
			    "70000 is not between 1 and 65535");
	assert_string_equal(integer("0", 1, 65535), "0 is not between 1 and 65535");
	assert_string_equal(integer("-4", -3, 9), "-4 is not between -3 and 9");
	assert_string_equal(integer("9223372036854775807", 0, INT64_MAX),
			    "9223372036854775807");
	assert_string_equal(integer("9223372036854775808", 1, 2),
			    "9223372036854775808 is not between 1 and 2");
	assert_string_equal(integer("18446744073709551617", 1, 2),
			    "18446744073709551617 is not between 1 and 2");
	assert_string_equal(integer("99999999999999999999999", 1, 2),
			    "99999999999999999999999 is not between 1 and 2");
}

TEST(an_integer_is_digits_only)
{
	static const char *const bad[] = { "",   "-",   "x",  "1x",   " 1",
					   "1 ", "1.0", "+1", "0x10", "--1" };

	for (size_t i = 0; i < COUNT(bad); i++) {
		char expected[NUM_ERR];

		snprintf(expected, sizeof(expected), "%s is not a whole number", bad[i]);
		assert_string_equal(integer(bad[i], -9, 9), expected);
	}
}

static const char *octal(const char *text, unsigned max)
{
	static char out[NUM_ERR];
	unsigned n;

	if (num_octal(text, max, &n, out) == 0)
		snprintf(out, sizeof(out), "%o", n);
	return out;
}

TEST(a_mode_is_octal)
{
	assert_string_equal(octal("022", 0777), "22");
	assert_string_equal(octal("0660", 0777), "660");
	assert_string_equal(octal("0", 0777), "0");
	assert_string_equal(octal("1000", 0777), "1000 is more than 0777");
	assert_string_equal(octal("089", 0777), "089 is not an octal mode: 022, 0660");
	assert_string_equal(octal("", 0777), " is not an octal mode: 022, 0660");
	assert_string_equal(octal("777777777777777777777777777", 0777),
			    "777777777777777777777777777 is more than 0777");
}

static const char *duration(const char *text, double min, double max)
{
	static char out[NUM_ERR];
	double s = -99;

	if (num_seconds(text, min, max, &s, out) == 0)
		snprintf(out, sizeof(out), "%.10g", s);
	return out;
}

TEST(a_duration_is_seconds)
{
	assert_string_equal(duration("500ms", 0, 1e9), "0.5");
	assert_string_equal(duration("30s", 0, 1e9), "30");
	assert_string_equal(duration("1.5s", 0, 1e9), "1.5");
	assert_string_equal(duration("5m", 0, 1e9), "300");
	assert_string_equal(duration("8h", 0, 1e9), "28800");
	assert_string_equal(duration("1d", 0, 1e9), "86400");
	assert_string_equal(duration("0", 0, 1e9), "0");
	assert_string_equal(duration("0s", 0, 1e9), "0");
}

TEST(a_duration_needs_a_unit)
{
	assert_string_equal(duration("10", 0, 1e9), "10 needs a unit: 500ms, 10s, 2m");
	assert_string_equal(duration("10 s", 0, 1e9),
			    "10 s has an unknown unit: 500ms, 10s, 2m, 1h, 1d");
	assert_string_equal(duration("10S", 0, 1e9),
			    "10S has an unknown unit: 500ms, 10s, 2m, 1h, 1d");
	assert_string_equal(duration("1.s", 0, 1e9),
			    "1.s has an unknown unit: 500ms, 10s, 2m, 1h, 1d");
	assert_string_equal(duration("s", 0, 1e9), "s is not a duration: 500ms, 10s, 2m");
	assert_string_equal(duration("-1s", 0, 1e9),
			    "-1s is not a duration: 500ms, 10s, 2m");
	assert_string_equal(duration("inf", 0, 1e9),
			    "inf is not a duration: 500ms, 10s, 2m");
	assert_string_equal(duration("", 0, 1e9), " is not a duration: 500ms, 10s, 2m");
}

TEST(a_durations_range_is_told_in_its_units)
{
	assert_string_equal(duration("5ms", 0.01, 3600),
			    "5ms is not between 10ms and 1h");
	assert_string_equal(duration("61m", 0, 3600), "61m is not between 0 and 1h");
	assert_string_equal(duration("91s", 1, 90), "91s is not between 1s and 90s");
	assert_string_equal(duration("99999999999999999999999d", 0, 86400),
			    "99999999999999999999999d is not between 0 and 1d");
	assert_string_equal(duration("0", 0.01, 3600), "0 is not between 10ms and 1h");
}

static const char *size(const char *text, size_t min, size_t max)
{
	static char out[NUM_ERR];
	size_t n;

	if (num_size(text, min, max, &n, out) == 0)
		snprintf(out, sizeof(out), "%zu", n);
	return out;
}

TEST(a_size_is_bytes_or_has_a_unit_of_1024)
{
	assert_string_equal(size("512", 0, SIZE_MAX), "512");
	assert_string_equal(size("64k", 0, SIZE_MAX), "65536");
	assert_string_equal(size("1M", 0, SIZE_MAX), "1048576");
	assert_string_equal(size("2G", 0, SIZE_MAX), "2147483648");
	assert_string_equal(size("0", 0, SIZE_MAX), "0");
	assert_string_equal(size("1kb", 0, SIZE_MAX), "1kb is not a size: 512, 64k, 1M");
	assert_string_equal(size("k", 0, SIZE_MAX), "k is not a size: 512, 64k, 1M");
	assert_string_equal(size("1.5M", 0, SIZE_MAX),
			    "1.5M is not a size: 512, 64k, 1M");
	assert_string_equal(size("-1", 0, SIZE_MAX), "-1 is not a size: 512, 64k, 1M");
	assert_string_equal(size("1k", 4096, 1 << 30), "1k is not between 4k and 1G");
	assert_string_equal(size("17179869184G", 0, 1 << 30),
			    "17179869184G is not between 0 and 1G");
}

static const char *rate(const char *text, double max)
{
	static char out[NUM_ERR];
	double n;

	if (num_rate(text, max, &n, out) == 0)
		snprintf(out, sizeof(out), "%.10g", n);
	return out;
}

TEST(a_rate_is_events_a_second)
{
	assert_string_equal(rate("20/s", 1e6), "20");
	assert_string_equal(rate("600/m", 1e6), "10");
	assert_string_equal(rate("1800/h", 1e6), "0.5");
	assert_string_equal(rate("0", 1e6), "0");
	assert_string_equal(rate("20", 1e6), "20 needs a unit: 20/s, 600/m");
	assert_string_equal(rate("20/d", 1e6), "20/d needs a unit: 20/s, 600/m");
	assert_string_equal(rate("fast", 1e6), "fast is not a rate: 20/s, 600/m");
	assert_string_equal(rate("2000/s", 1000), "2000/s is more than 1000/s");
}

TEST(a_signal_has_a_name_or_a_number)
{
	static const struct {
		const char *text;
		int signo;
	} good[] = {
		{ "TERM", SIGTERM }, { "SIGTERM", SIGTERM }, { "15", 15 },
		{ "int", SIGINT },   { "sighup", SIGHUP },   { "34", 34 },
	};
	int s;

	for (size_t i = 0; i < COUNT(good); i++) {
		assert_int_equal(num_signal(good[i].text, &s, err), 0);
		assert_int_equal(s, good[i].signo);
	}
	assert_true(num_signal("0", &s, err) < 0);
	assert_true(num_signal("65", &s, err) < 0);
	assert_true(num_signal("SIG", &s, err) < 0);
	assert_true(num_signal("TERMINATE", &s, err) < 0);
	assert_string_equal(err, "TERMINATE is not a signal: TERM, SIGINT, 15");
}

TEST(a_signal_is_called_by_its_name)
{
	const char *term = num_signal_name(SIGTERM);

	assert_string_equal(num_signal_name(SIGSEGV), "SIGSEGV");
	assert_string_equal(term, "SIGTERM"); /* still, after another one */
	assert_string_equal(num_signal_name(40), "signal 40");
	assert_string_equal(num_signal_name(-1), "unknown signal");
	assert_string_equal(num_signal_name(4711), "unknown signal");
}

TEST(an_error_text_fits_whatever_the_value_is)
{
	char text[5000];
	unsigned u;
	double d;
	size_t n;
	bool b;
	long l;
	int i;

	memset(text, '9', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	assert_true(num_bool(text, &b, err) < 0);
	assert_true(num_int(text, INT64_MIN, INT64_MAX, &l, err) < 0);
	assert_true(num_size(text, 0, SIZE_MAX, &n, err) < 0);
	assert_true(num_seconds(text, 0, 1, &d, err) < 0);
	assert_true(num_rate(text, 1, &d, err) < 0);
	assert_true(num_octal(text, 1, &u, err) < 0);
	assert_true(num_signal(text, &i, err) < 0);
	assert_true(strlen(err) < 100);
}

TEST(a_hexadecimal_digit_is_one_in_either_case)
{
	static const char digits[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";

	for (int c = -128; c < 128; c++) {
		const char *at = memchr(digits, c, 16);

		if (!at && memchr(upper, c, 16))
			at = digits + ((const char *)memchr(upper, c, 16) - upper);
		assert_int_equal(num_hex_digit((char)c), at ? at - digits : -1);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_boolean_is_one_of_six_words),
		cmocka_unit_test(what_is_no_boolean_is_said_so),
		cmocka_unit_test(an_integer_lies_in_its_range),
		cmocka_unit_test(an_integer_is_digits_only),
		cmocka_unit_test(a_mode_is_octal),
		cmocka_unit_test(a_duration_is_seconds),
		cmocka_unit_test(a_duration_needs_a_unit),
		cmocka_unit_test(a_durations_range_is_told_in_its_units),
		cmocka_unit_test(a_size_is_bytes_or_has_a_unit_of_1024),
		cmocka_unit_test(a_rate_is_events_a_second),
		cmocka_unit_test(a_signal_has_a_name_or_a_number),
		cmocka_unit_test(a_signal_is_called_by_its_name),
		cmocka_unit_test(a_hexadecimal_digit_is_one_in_either_case),
		cmocka_unit_test(an_error_text_fits_whatever_the_value_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
