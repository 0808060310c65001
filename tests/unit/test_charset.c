/* SPDX-License-Identifier: MIT */
/* A text converts to the same, however it is cut. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "charset.h"
#include "span.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define S(literal)                           \
	{                                    \
		literal, sizeof(literal) - 1 \
	}
#define FFFD "\xEF\xBF\xBD"
#define JIS "\x1B$B"   /* ISO-2022-JP: two bytes a character from here */
#define ASCII "\x1B(B" /* and back */

struct row {
	const char *name;
	struct span in, out;
};

/* Convert ROW's text in three chunks; NULL out: it cannot be. */
static void check_cut(const struct row *row, enum charset_direction direction,
		      enum charset_error error, size_t cut, size_t cut2)
{
	const char *p = row->in.p;
	struct buf out = { 0 };
	struct charset *c;
	int r;

	assert_int_equal(charset_open(row->name, direction, error, &c), 0);
	r = charset_convert(c, p, cut, false, &out);
	if (r == 0)
		r = charset_convert(c, p + cut, cut2 - cut, false, &out);
	if (r == 0)
		r = charset_convert(c, p + cut2, row->in.n - cut2, true, &out);
	assert_int_equal(r, row->out.p ? 0 : -EILSEQ);
	if (r == 0 && !span_is((struct span){ buf_head(&out), buf_len(&out) }, row->out))
		fail_msg("%s cut at %zu and %zu: %.*s", row->name, cut, cut2,
			 (int)buf_len(&out), buf_head(&out));
	charset_free(c);
	buf_free(&out);
}

static void check_rows(const struct row *rows, size_t n, enum charset_direction direction,
		       enum charset_error error)
{
	for (const struct row *row = rows; row < rows + n; row++)
		for (size_t cut = 0; cut <= row->in.n; cut++)
			for (size_t cut2 = cut; cut2 <= row->in.n; cut2++)
				check_cut(row, direction, error, cut, cut2);
}

/* Both ways. */
static const struct row pairs[] = {
	{ "windows-1252", S(""), S("") },
	{ "windows-1252", S("na\xEFve \x80"), S("naïve €") },
	{ "ISO-8859-15", S("\xA4"), S("€") },
	{ "Shift_JIS", S("\x93\xFA\x96{\x8C\xEA"), S("日本語") }, /* { in a character */
	{ "EUC-JP", S("\xC6\xFC\xCB\xDC"), S("日本") },
	{ "ISO-2022-JP", S(JIS "F|K\\" ASCII "x" JIS "8l" ASCII), S("日本x語") },
	{ "GB18030", S("\xD6\xD0\x94\x39\xFC\x36"), S("中😀") },
	{ "KOI8-R", S("\xCD\xC9\xD2"), S("мир") },
	{ "UTF-16LE", S("a\0\xE5\x65\x3D\xD8\0\xDE"), S("a日😀") },
	{ "UTF-16BE", S("\0a\x65\xE5\xD8\x3D\xDE\0"), S("a日😀") },
	{ "UTF-16", S("\xFF\xFE\xE5\x65"),
	  S("日") }, /* the mark, as this machine has it */
	{ "UTF-32LE", S("\0\xF6\1\0"), S("😀") },
	{ "UTF-7", S("+ZeU-x"), S("日x") },
	{ "IBM037", S("\xC8\x85\x25"), S("He\n") },
};

TEST(text_is_decoded_at_every_split)
{
	check_rows(pairs, COUNT(pairs), CHARSET_DECODE, CHARSET_CLOSE);
}

TEST(text_is_encoded_at_every_split)
{
	for (size_t i = 0; i < COUNT(pairs); i++) {
		struct row row = { pairs[i].name, pairs[i].out, pairs[i].in };

		check_rows(&row, 1, CHARSET_ENCODE, CHARSET_CLOSE);
	}
}

TEST(what_is_no_character_is_replaced_at_every_split)
{
	static const struct row rows[] = {
		{ "windows-1252", S("a\x81z\x9D"), S("a" FFFD "z" FFFD) },
		{ "Shift_JIS", S("\x93\xFA\xFF\x93\xFA"), S("日" FFFD "日") },
		{ "Shift_JIS", S("a\x93"), S("a" FFFD) }, /* cut off */
		{ "UTF-16LE",
		  S("a\0\0\xDE"
		    "b\0"),
		  S("a" FFFD "b") }, /* half a pair */
		{ "UTF-16LE", S("a\0b"), S("a" FFFD) },
		{ "UTF-16BE", S("\xD8\x3D"), S(FFFD) },
		{ "UTF-32BE", S("\0\x11\0\0\0\0\0a"), S(FFFD "a") },
		{ "ASCII", S("\xC3\xA9"), S(FFFD FFFD) },
		{ "GB18030", S("\x81\x30\x81"), S(FFFD) },
	};

	check_rows(rows, COUNT(rows), CHARSET_DECODE, CHARSET_REPLACE);
}

TEST(what_the_charset_lacks_is_a_question_mark_at_every_split)
{
	static const struct row rows[] = {
		{ "windows-1252", S("a日b😀é"), S("a?b?\xE9") },
		{ "ASCII", S("é€😀"), S("???") },
		{ "Shift_JIS", S("日😀本"), S("\x93\xFA?\x96{") },
		{ "ISO-2022-JP", S("日😀x"), S(JIS "F|" ASCII "?x") },
		{ "IBM037", S("日"), S("\x6F") },
	};

	check_rows(rows, COUNT(rows), CHARSET_ENCODE, CHARSET_REPLACE);
}

TEST(either_can_be_an_error_at_every_split)
{
	static const struct row decode[] = {
		{ "windows-1252", S("a\x81z"), { NULL, 0 } },
		{ "Shift_JIS", S("a\x93"), { NULL, 0 } },
		{ "UTF-16LE", S("a\0b"), { NULL, 0 } },
	};
	static const struct row encode[] = {
		{ "windows-1252", S("a日b"), { NULL, 0 } },
		{ "ASCII", S("é"), { NULL, 0 } },
	};

	check_rows(decode, COUNT(decode), CHARSET_DECODE, CHARSET_CLOSE);
	check_rows(encode, COUNT(encode), CHARSET_ENCODE, CHARSET_CLOSE);
}

/* ---- texts one after another ---- */

static void expect_texts(const char *name, enum charset_direction direction,
			 const struct span texts[2], const struct span want[2])
{
	struct charset *c;

	assert_int_equal(charset_open(name, direction, CHARSET_REPLACE, &c), 0);
	for (int i = 0; i < 2; i++) {
		struct buf out = { 0 };

		for (size_t at = 0; at < texts[i].n; at++)
			assert_int_equal(
				charset_convert(c, texts[i].p + at, 1, false, &out), 0);
		assert_int_equal(charset_convert(c, NULL, 0, true, &out), 0);
		if (!span_is((struct span){ buf_head(&out), buf_len(&out) }, want[i]))
			fail_msg("%s, text %d: %.*s", name, i, (int)buf_len(&out),
				 buf_head(&out));
		buf_free(&out);
	}
	charset_free(c);
}

TEST(a_text_begins_in_the_initial_state)
{
	static const struct span jis[] = { S(JIS "F|"), S("F|") };
	static const struct span jis_utf8[] = { S("日"), S("F|") };
	static const struct span marks[] = { S("\xFE\xFF\0a"), S("\xFF\xFE"
								 "b\0") };
	static const struct span marks_utf8[] = { S("a"), S("b") };
	static const struct span cut[] = { S("\x93"), S("\xFA") };
	static const struct span cut_utf8[] = { S(FFFD), S(FFFD) };

	expect_texts("ISO-2022-JP", CHARSET_DECODE, jis, jis_utf8);
	expect_texts("UTF-16", CHARSET_DECODE, marks, marks_utf8);
	expect_texts("Shift_JIS", CHARSET_DECODE, cut, cut_utf8);
}

TEST(each_text_that_is_encoded_is_complete_by_itself)
{
	static const struct span utf8[] = { S("日"), S("日") };
	static const struct span jis[] = { S(JIS "F|" ASCII), S(JIS "F|" ASCII) };
	static const struct span utf16[] = { S("\xFF\xFE\xE5\x65"),
					     S("\xFF\xFE\xE5\x65") };

	expect_texts("ISO-2022-JP", CHARSET_ENCODE, utf8, jis);
	expect_texts("UTF-16", CHARSET_ENCODE, utf8, utf16);
}

TEST(a_large_text_is_no_exception)
{
	enum { N = 300000 };
	char *in = malloc(N);
	struct buf out = { 0 };
	struct charset *c;

	memset(in, 0x80, N); /* the euro sign, three bytes in UTF-8 */
	assert_int_equal(charset_open("1252", CHARSET_DECODE, CHARSET_CLOSE, &c), 0);
	assert_int_equal(charset_convert(c, in, N, true, &out), 0);
	assert_int_equal(buf_len(&out), 3 * N);
	for (size_t i = 0; i < 3 * N; i += 3)
		assert_memory_equal(buf_head(&out) + i, "€", 3);
	charset_free(c);
	buf_free(&out);
	free(in);
}

TEST(no_byte_becomes_more_than_the_header_says)
{
	struct charset *c;

	assert_int_equal(charset_open("TSCII", CHARSET_DECODE, CHARSET_REPLACE, &c), 0);
	for (int byte = 0; byte < 256; byte++) {
		struct buf out = { 0 };
		char b = (char)byte;

		assert_int_equal(charset_convert(c, &b, 1, true, &out), 0);
		assert_true(buf_len(&out) <= CHARSET_EXPANSION);
		buf_free(&out);
	}
	charset_free(c);
}

/* ---- names ---- */

TEST(a_charset_has_the_names_of_iconv_and_the_number_of_its_code_page)
{
	static const char *const known[] = {
		"UTF-8", "utf8",  "latin1", "windows-1252", "CP1252", "1252",  "28591",
		"932",   "936",   "949",    "950",          "437",    "850",   "20866",
		"65000", "65001", "1200",   "54936",        "1361",   "10000", "51949"
	};
	static const char *const unknown[] = {
		"",  "utf-9",           "latin-0", "99999", "UTF-8//IGNORE",
		"/", "ASCII//TRANSLIT", " "
	};
	struct charset *c;

	for (size_t i = 0; i < COUNT(known); i++)
		for (int d = CHARSET_DECODE; d <= CHARSET_ENCODE; d++) {
			if (charset_open(known[i], d, CHARSET_REPLACE, &c) < 0)
				fail_msg("%s is not known", known[i]);
			charset_free(c);
		}
	for (size_t i = 0; i < COUNT(unknown); i++)
		assert_int_equal(
			charset_open(unknown[i], CHARSET_DECODE, CHARSET_REPLACE, &c),
			-EINVAL);
	charset_free(NULL);
}

TEST(utf8_is_known_by_all_its_names)
{
	assert_true(charset_is_utf8("UTF-8") && charset_is_utf8("utf8") &&
		    charset_is_utf8("65001"));
	assert_false(charset_is_utf8("ASCII") || charset_is_utf8("1252") ||
		     charset_is_utf8("UTF-16") || charset_is_utf8(""));
}

TEST(a_separator_is_kept_or_not)
{
	static const char *const keep[] = { "1252",    "Shift_JIS", "ISO-2022-JP",
					    "GB18030", "EUC-KR",    "ISO-2022-KR" };
	static const char *const not [] = { "UTF-16", "UTF-16LE", "UTF-32", "UCS-2",
					    "UTF-7" };

	for (size_t i = 0; i < COUNT(keep); i++)
		assert_true(charset_keeps(keep[i], '\n') && charset_keeps(keep[i], '\0'));
	for (size_t i = 0; i < COUNT(not ); i++)
		assert_false(charset_keeps(not [i], '\0'));
	assert_false(charset_keeps("UTF-16", '\n') || charset_keeps("IBM037", '\n'));
	assert_true(charset_keeps("UTF-7", '\n'));
	assert_true(charset_keeps("IBM037", '\0'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_decoded_at_every_split),
		cmocka_unit_test(text_is_encoded_at_every_split),
		cmocka_unit_test(what_is_no_character_is_replaced_at_every_split),
		cmocka_unit_test(
			what_the_charset_lacks_is_a_question_mark_at_every_split),
		cmocka_unit_test(either_can_be_an_error_at_every_split),
		cmocka_unit_test(a_text_begins_in_the_initial_state),
		cmocka_unit_test(each_text_that_is_encoded_is_complete_by_itself),
		cmocka_unit_test(a_large_text_is_no_exception),
		cmocka_unit_test(no_byte_becomes_more_than_the_header_says),
		cmocka_unit_test(
			a_charset_has_the_names_of_iconv_and_the_number_of_its_code_page),
		cmocka_unit_test(utf8_is_known_by_all_its_names),
		cmocka_unit_test(a_separator_is_kept_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
