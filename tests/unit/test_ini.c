/* SPDX-License-Identifier: MIT */
/* What the lines of an ini say; each trap of plain libinih 55 is a test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ini_lines.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static FILE *told;
static char *text;
static size_t text_n;

static void on_section(void *arg, const char *name, int line)
{
	(void)arg;
	fprintf(told, "%d[%s]", line, name);
}

static void on_setting(void *arg, const char *key, const char *value, int line)
{
	(void)arg;
	fprintf(told, "%d<%s><%s>", line, key, value);
}

static void on_error(void *arg, const char *wrong, int line)
{
	(void)arg;
	fprintf(told, "%d!%s!", line, wrong);
}

/* What the N bytes of P say: LINE[section] LINE<key><value> LINE!error!. */
static const char *read_bytes(const char *p, size_t n)
{
	static const struct ini_sink sink = { on_section, on_setting, on_error };
	char *copy =
		malloc(n); /* exactly as long, so that a sanitizer sees a byte too far */

	assert_true(copy || n == 0);
	if (n > 0)
		memcpy(copy, p, n);
	free(text);
	told = open_memstream(&text, &text_n);
	assert_int_equal(ini_read(copy, n, &sink, NULL), 0);
	fclose(told);
	free(copy);
	return text;
}

static const char *read_text(const char *p)
{
	return read_bytes(p, strlen(p));
}

static int teardown(void **state)
{
	(void)state;
	free(text);
	text = NULL;
	return 0;
}

/* ---- the grammar ---- */

TEST(sections_and_settings_come_with_their_lines)
{
	assert_string_equal(read_text("[a]\nx = 1\n\n; c\n[b]\ny=2\n"),
			    "1[a]2<x><1>5[b]6<y><2>");
	assert_string_equal(read_text("x=1"), "1<x><1>");
	assert_string_equal(read_text(""), "");
}

TEST(a_value_is_verbatim_from_the_first_to_the_last_nonblank)
{
	assert_string_equal(read_text("x =  a  \"b\" 'c' = $d \t\n"),
			    "1<x><a  \"b\" 'c' = $d>");
	assert_string_equal(read_text("x =\n"), "1<x><>");
	assert_string_equal(read_text("  x  =  y\n"), "1<x><y>");
	assert_string_equal(read_text("[ a b ]\n"), "1[a b]");
}

TEST(a_comment_is_a_line_of_its_own)
{
	assert_string_equal(read_text("; a = b\n# [c]\n  ; x\nk = v ; no # comment\n"),
			    "4<k><v ; no # comment>");
}

TEST(a_backslash_at_the_end_joins_the_next_line)
{
	assert_string_equal(read_text("x = a \\\n   b\ny = c\n"), "1<x><a  b>3<y><c>");
	assert_string_equal(read_text("x = a\\\nb\n"), "1<x><ab>");
	assert_string_equal(read_text("x = a\\\n\tb\\\n  c\n"), "1<x><a b c>");
	assert_string_equal(read_text("x = a\\\n[b]\n; c\n"), "1<x><a[b]>");
	assert_string_equal(read_text("x = \\\n  a\n"), "1<x><a>");
	assert_string_equal(read_text("x = a \\\n\ny = 1"), "1<x><a>3<y><1>");
}

TEST(two_backslashes_at_the_end_are_one)
{
	assert_string_equal(read_text("x = a\\\\\ny = b\n"), "1<x><a\\>2<y><b>");
	assert_string_equal(read_text("x = a\\\\\\\n b\n"), "1<x><a\\ b>");
	assert_string_equal(read_text("x = \\\\a\n"), "1<x><\\\\a>");
}

TEST(a_backslash_before_the_end_of_the_file_is_an_error)
{
	assert_string_equal(
		read_text("x = a\\"),
		"1!the backslash at the end joins the next line, and there is none!");
	assert_string_equal(
		read_text("x = a\\\nb\\\n"),
		"2!the backslash at the end joins the next line, and there is none!");
}

TEST(files_of_other_systems_read_as_ours)
{
	assert_string_equal(read_text("\xEF\xBB\xBF[a]\r\nx = 1\r\ny = b\\\r\n c\r\n"),
			    "1[a]2<x><1>3<y><b c>");
}

TEST(a_byte_order_mark_counts_at_the_start_only)
{
	assert_string_equal(read_text("\xEF\xBB\xBFx = \xEF\xBB\xBF"),
			    "1<x><\xEF\xBB\xBF>");
	assert_string_equal(read_text("\xEF\xBB"),
			    "1!'\xEF\xBB' is neither [section] nor key = value!");
}

/* ---- what is wrong ---- */

TEST(a_broken_header_takes_its_settings_with_it)
{
	assert_string_equal(read_text("[a]\nx=1\n[b\ny=2\n[c]\nz=3\n"),
			    "1[a]2<x><1>3!the section's name has no ]!5[c]6<z><3>");
	assert_string_equal(read_text("[a] ; c\ny=2\n"),
			    "1!text after the ]; comments stand on lines of their own!");
	assert_string_equal(read_text("[ ]\ny=2\n"), "1!the section has no name!");
}

TEST(a_line_that_is_nothing_is_an_error)
{
	assert_string_equal(
		read_text("[a]\nlisten\nx=1\n"),
		"1[a]2!'listen' is neither [section] nor key = value!3<x><1>");
	assert_string_equal(read_text("x : 1\n"),
			    "1!'x : 1' is neither [section] nor key = value!");
}

TEST(a_keys_name_is_letters_digits_and_underscores)
{
	assert_string_equal(
		read_text("a-b = 1\nc_D9 = 2\n"),
		"1!'a-b' is no name of a key (A-Z a-z 0-9 _, at most 40)!2<c_D9><2>");
	assert_string_equal(read_text(" = 1\n"),
			    "1!'' is no name of a key (A-Z a-z 0-9 _, at most 40)!");
	assert_string_equal(read_text("abcdefghijabcdefghijabcdefghijabcdefghij=1"),
			    "1<abcdefghijabcdefghijabcdefghijabcdefghij><1>");
	assert_string_equal(
		read_text("abcdefghijabcdefghijabcdefghijabcdefghijk=1"),
		"1!'abcdefghijabcdefghijabcdefghijabcdefghijk' is no name of a key "
		"(A-Z a-z 0-9 _, at most 40)!");
}

TEST(the_lines_that_a_bad_setting_continues_on_are_no_settings)
{
	assert_string_equal(
		read_text("a-b = 1 \\\nx = 2\ny = 3\n"),
		"1!'a-b' is no name of a key (A-Z a-z 0-9 _, at most 40)!3<y><3>");
}

TEST(a_NUL_byte_is_an_error_that_ends_the_file)
{
	static const char nul[] = "[a]\nx = b\0c\ny = 1\n";
	static const char joined[] = "x = a\\\nb\0c\ny = 1\n";
	static const char utf16[] = "\xFF\xFE[\0a\0]\0\n\0x\0=\0";

	assert_string_equal(read_bytes(nul, sizeof(nul) - 1),
			    "1[a]2!a NUL byte: this is no text file!");
	assert_string_equal(read_bytes(joined, sizeof(joined) - 1),
			    "2!a NUL byte: this is no text file!");
	assert_string_equal(read_bytes(utf16, sizeof(utf16) - 1),
			    "1!a NUL byte: this is no text file!");
}

/* ---- libinih's traps ---- */

TEST(a_value_is_not_cut_at_blank_and_semicolon)
{
	assert_string_equal(read_text("x = sh -c 'a ; b'\n"), "1<x><sh -c 'a ; b'>");
}

TEST(a_key_does_not_end_at_a_colon)
{
	assert_string_equal(read_text("listen = [::1]:80\n"), "1<listen><[::1]:80>");
	assert_string_equal(read_text("a:b = c\n"),
			    "1!'a:b' is no name of a key (A-Z a-z 0-9 _, at most 40)!");
}

TEST(a_line_that_begins_with_blanks_does_not_continue_the_one_before)
{
	assert_string_equal(read_text("x = a\n  y = b\n"), "1<x><a>2<y><b>");
}

/* N times the letter C; yours. */
static char *many(char c, size_t n)
{
	char *p = malloc(n + 1);

	assert_non_null(p);
	memset(p, c, n);
	p[n] = 0;
	return p;
}

TEST(a_line_has_no_limit)
{
	static const size_t sizes[] = { 190, 195, 196, 197, 198,
					199, 200, 201, 400, 100000 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		char *value = many('v', sizes[i]);
		char *in, *out;

		assert_true(asprintf(&in, "[a]\nk = %s=%s ; t\nx = 1\n", value, value) >
			    0);
		assert_true(asprintf(&out, "1[a]2<k><%s=%s ; t>3<x><1>", value, value) >
			    0);
		assert_string_equal(read_text(in), out);
		free(value);
		free(in);
		free(out);
	}
}

TEST(a_comment_has_no_limit)
{
	char *comment = many('c', 1000);
	char *in;

	assert_true(asprintf(&in, ";%s = %s\nx = 1\n", comment, comment) > 0);
	assert_string_equal(read_text(in), "2<x><1>");
	free(comment);
	free(in);
}

TEST(a_sections_name_has_no_limit)
{
	char *name = many('n', 60);
	char *in, *out;

	assert_true(asprintf(&in, "[/%s1]\nx = 1\n[/%s2]\nx = 2\n", name, name) > 0);
	assert_true(asprintf(&out, "1[/%s1]2<x><1>3[/%s2]4<x><2>", name, name) > 0);
	assert_string_equal(read_text(in), out);
	free(name);
	free(in);
	free(out);
}

TEST(line_numbers_are_exact)
{
	char in[4000] = "", out[4000] = "";

	for (int line = 1; line < 200; line += 2) {
		snprintf(in + strlen(in), 100, "\nk%d=%d\n", line, line);
		snprintf(out + strlen(out), 100, "%d<k%d><%d>", line + 1, line, line);
	}
	assert_string_equal(read_text(in), out);
}

TEST(bytes_that_inih_knows_pass_through)
{
	assert_string_equal(read_text("x = \x02\ny = [z]\n"), "1<x><\x02>2<y><[z]>");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_and_settings_come_with_their_lines),
		cmocka_unit_test(a_value_is_verbatim_from_the_first_to_the_last_nonblank),
		cmocka_unit_test(a_comment_is_a_line_of_its_own),
		cmocka_unit_test(a_backslash_at_the_end_joins_the_next_line),
		cmocka_unit_test(two_backslashes_at_the_end_are_one),
		cmocka_unit_test(a_backslash_before_the_end_of_the_file_is_an_error),
		cmocka_unit_test(files_of_other_systems_read_as_ours),
		cmocka_unit_test(a_byte_order_mark_counts_at_the_start_only),
		cmocka_unit_test(a_broken_header_takes_its_settings_with_it),
		cmocka_unit_test(a_line_that_is_nothing_is_an_error),
		cmocka_unit_test(a_keys_name_is_letters_digits_and_underscores),
		cmocka_unit_test(
			the_lines_that_a_bad_setting_continues_on_are_no_settings),
		cmocka_unit_test(a_NUL_byte_is_an_error_that_ends_the_file),
		cmocka_unit_test(a_value_is_not_cut_at_blank_and_semicolon),
		cmocka_unit_test(a_key_does_not_end_at_a_colon),
		cmocka_unit_test(
			a_line_that_begins_with_blanks_does_not_continue_the_one_before),
		cmocka_unit_test(a_line_has_no_limit),
		cmocka_unit_test(a_comment_has_no_limit),
		cmocka_unit_test(a_sections_name_has_no_limit),
		cmocka_unit_test(line_numbers_are_exact),
		cmocka_unit_test(bytes_that_inih_knows_pass_through),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
