/* SPDX-License-Identifier: MIT */
/* How a command line falls into words. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "words.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

/* The words of TEXT in <>, or the error. */
static const char *split(const char *text)
{
	static char out[500];
	const char *wrong = "none";
	char **words;
	int r = words_split(text, &words, &wrong);

	*out = 0;
	if (r < 0) {
		assert_int_equal(r, -EINVAL);
		return wrong;
	}
	for (char **w = words; *w; w++)
		snprintf(out + strlen(out), sizeof(out) - strlen(out), "<%s>", *w);
	words_free(words);
	return out;
}

TEST(blanks_split_words)
{
	assert_string_equal(split("vmstat 1"), "<vmstat><1>");
	assert_string_equal(split("  a \t b  "), "<a><b>");
	assert_string_equal(split(""), "");
	assert_string_equal(split("   "), "");
}

TEST(quotes_group)
{
	assert_string_equal(split("a 'b c' d"), "<a><b c><d>");
	assert_string_equal(split("a \"b c\" d"), "<a><b c><d>");
	assert_string_equal(split("a'b c'd"), "<ab cd>");
	assert_string_equal(split("'it''s'"), "<its>");
	assert_string_equal(split("\"it's\" '\"'"), "<it's><\">");
	assert_string_equal(split("a '' b"), "<a><><b>");
}

TEST(a_backslash_takes_the_next_character_outside_single_quotes)
{
	assert_string_equal(split("a\\ b"), "<a b>");
	assert_string_equal(split("\\'"), "<'>");
	assert_string_equal(split("\"a\\\"b\""), "<a\"b>");
	assert_string_equal(split("\"a\\nb\""), "<anb>");
	assert_string_equal(split("'a\\nb'"), "<a\\nb>");
	assert_string_equal(split("\\\\"), "<\\>");
}

TEST(nothing_expands)
{
	assert_string_equal(split("$HOME * ~ `x` ; | #x"),
			    "<$HOME><*><~><`x`><;><|><#x>");
}

TEST(what_is_not_closed_is_an_error)
{
	assert_string_equal(split("a 'b"), "a quote is not closed");
	assert_string_equal(split("a \"b\\\""), "a quote is not closed");
	assert_string_equal(split("a \\"), "a backslash at the end takes nothing");
}

TEST(what_is_quoted_is_split_into_the_same_words)
{
	static const char *const words[] = { "",   "a", "a b",  "it's", "\"x\"",
					     "\\", "'", "a\tb", "$x;#" };
	char *text = NULL, **got;
	const char *error;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		fputc(' ', f);
		words_quote(f, words[i]);
	}
	fclose(f);
	assert_return_code(words_split(text, &got, &error), 0);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		assert_string_equal(got[i], words[i]);
	words_free(got);
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(blanks_split_words),
		cmocka_unit_test(quotes_group),
		cmocka_unit_test(
			a_backslash_takes_the_next_character_outside_single_quotes),
		cmocka_unit_test(nothing_expands),
		cmocka_unit_test(what_is_not_closed_is_an_error),
		cmocka_unit_test(what_is_quoted_is_split_into_the_same_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
