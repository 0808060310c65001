/* SPDX-License-Identifier: MIT */
/* Bytes of whatever origin become printable, and can be told back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "log.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static const char *printable(const char *p, size_t n, size_t cap)
{
	static char out[256];
	size_t size;

	memset(out, '#', sizeof(out));
	size = log_printable(out, cap, p, n);
	assert_true(size < cap);
	assert_int_equal(strlen(out), size);
	assert_int_equal(out[cap], '#'); /* not written past */
	return out;
}

TEST(bytes_become_printable)
{
	static const struct {
		const char *in;
		size_t n;
		const char *out;
	} rows[] = {
#define ROW(in, out) { in, sizeof(in) - 1, out }
		ROW("", ""),
		ROW("plain ~", "plain ~"),
		ROW("a\\b", "a\\\\b"),
		ROW("\0\x01\n\x1F\x7F", "\\x00\\x01\\x0A\\x1F\\x7F"),
		ROW("é€😀", "é€😀"),
		ROW("\xC2\xA0", "\xC2\xA0"),
		ROW("\xC2\x9B", "\\xC2\\x9B"),          /* C1: CSI */
		ROW("\xE2\x80\xAE", "\\xE2\\x80\\xAE"), /* right to left */
		ROW("\xE2\x80\xA8", "\\xE2\\x80\\xA8"), /* newline */
		ROW("\xE2\x81\xA6", "\\xE2\\x81\\xA6"), /* isolate */
		ROW("\x80\xFF", "\\x80\\xFF"),          /* no lead byte */
		ROW("\xC3", "\\xC3"),                   /* cut off */
		ROW("\xE2\x82", "\\xE2\\x82"),
		ROW("\xF0\x9F\x98", "\\xF0\\x9F\\x98"),
		ROW("\xE2\x82!", "\\xE2\\x82!"),
		ROW("\xC0\x80\xC1\xBF", "\\xC0\\x80\\xC1\\xBF"), /* overlong */
		ROW("\xE0\x9F\xBF", "\\xE0\\x9F\\xBF"),
		ROW("\xF0\x8F\xBF\xBF", "\\xF0\\x8F\\xBF\\xBF"),
		ROW("\xED\xA0\x80", "\\xED\\xA0\\x80"), /* surrogate */
		ROW("\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF"),
		ROW("\xF4\x90\x80\x80", "\\xF4\\x90\\x80\\x80"), /* too large */
		ROW("\xF5\x80\x80\x80", "\\xF5\\x80\\x80\\x80"),
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(printable(rows[i].in, rows[i].n, 200), rows[i].out);
	assert_string_equal(printable("€", 2, 200), "\\xE2\\x82");
}

TEST(what_does_not_fit_ends_in_an_ellipsis)
{
	assert_string_equal(printable("abcdef", 6, 7), "abcdef");
	assert_string_equal(printable("abcdefg", 7, 7), "abc…");
	assert_string_equal(printable("abc\n", 4, 8), "abc\\x0A");
	assert_string_equal(printable("abc\n", 4, 7), "abc…");
	assert_string_equal(printable("ab€", 5, 6), "ab€");
	assert_string_equal(printable("ab€", 5, 5), "a…");
	assert_string_equal(printable("abcd", 4, 4), "…");
	assert_string_equal(printable("abc", 3, 4), "abc");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_become_printable),
		cmocka_unit_test(what_does_not_fit_ends_in_an_ellipsis),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
