/* SPDX-License-Identifier: MIT */
/* What is the size of a terminal, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "terminal.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static const char *text_of(bool ok, struct terminal_size size)
{
	static char text[32];

	snprintf(text, sizeof(text), "%ux%u", size.rows, size.cols);
	return ok ? text : "none";
}

static const char *control(const char *p)
{
	struct terminal_size size = { 9, 9 };
	const char *wrong = "";
	bool ok = terminal_read_control(p, strlen(p), &size, &wrong);

	assert_int_equal(ok, !*wrong);
	assert_true(strlen(wrong) <= 123); /* of a close frame */
	return text_of(ok, size);
}

static const char *query(const char *p)
{
	struct terminal_size size = { 24, 80 };
	bool ok = terminal_read_query((struct span){ p, strlen(p) }, &size);

	return text_of(ok, size);
}

static const char *written(const char *p)
{
	struct terminal_size size = { 9, 9 };
	bool ok = terminal_read_size(p, &size);

	return text_of(ok, size);
}

struct row {
	const char *in, *out;
};

static void check(const char *(*read)(const char *), const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(read(rows[i].in), rows[i].out) != 0)
			fail_msg("%s: %s, not %s", rows[i].in, read(rows[i].in),
				 rows[i].out);
}

#define CHECK(read, rows) check(read, rows, sizeof(rows) / sizeof(*(rows)))

TEST(a_control_object_has_rows_and_cols_and_nothing_else)
{
	static const struct row rows[] = {
		{ "{\"rows\":24,\"cols\":80}", "24x80" },
		{ "{\"cols\":80,\"rows\":24}", "24x80" },
		{ " {\t\"rows\" : 1 ,\r\n\"cols\" : 1000 } \n", "1x1000" },
		{ "", "none" },
		{ "{}", "none" },
		{ "{\"rows\":24}", "none" },
		{ "{\"rows\":24,\"rows\":80}", "none" },
		{ "{\"rows\":24,\"cols\":80,}", "none" },
		{ "{\"rows\":24,\"cols\":80,\"x\":1}", "none" },
		{ "{\"rows\":24,\"cols\":80}x", "none" },
		{ "{\"rows\":24,\"cols\":80", "none" },
		{ "{\"rows\" 24,\"cols\":80}", "none" },
		{ "{rows:24,cols:80}", "none" },
		{ "[24,80]", "none" },
	};

	CHECK(control, rows);
}

TEST(a_number_is_from_1_to_1000_and_decimal)
{
	static const struct row rows[] = {
		{ "{\"rows\":0,\"cols\":80}", "none" },
		{ "{\"rows\":1001,\"cols\":80}", "none" },
		{ "{\"rows\":65560,\"cols\":80}", "none" },
		{ "{\"rows\":4294967320,\"cols\":80}", "none" },
		{ "{\"rows\":99999999999999999999,\"cols\":80}", "none" },
		{ "{\"rows\":-1,\"cols\":80}", "none" },
		{ "{\"rows\":+1,\"cols\":80}", "none" },
		{ "{\"rows\":024,\"cols\":80}", "none" },
		{ "{\"rows\":24.0,\"cols\":80}", "none" },
		{ "{\"rows\":2e1,\"cols\":80}", "none" },
		{ "{\"rows\":\"24\",\"cols\":80}", "none" },
		{ "{\"rows\":null,\"cols\":80}", "none" },
	};

	CHECK(control, rows);
}

TEST(what_is_written_is_read_again)
{
	char out[TERMINAL_CONTROL];
	size_t n = terminal_write_control((struct terminal_size){ 1000, 1000 }, out);

	assert_int_equal(n, strlen(out));
	assert_string_equal(out, "{\"rows\":1000,\"cols\":1000}");
	assert_string_equal(control(out), "1000x1000");
}

TEST(a_query_may_have_either_and_more)
{
	static const struct row rows[] = {
		{ "", "24x80" },
		{ "rows=50&cols=132", "50x132" },
		{ "cols=132", "24x132" },
		{ "rows=50", "50x80" },
		{ "a=b&rows=50&rowsy&c", "50x80" },
		{ "&&rows=50&", "50x80" },
		{ "rows=50&rows=60", "60x80" },
		{ "xrows=0&Rows=0", "24x80" },
		{ "rows=", "none" },
		{ "rows=0", "none" },
		{ "rows=1001", "none" },
		{ "rows=50x", "none" },
		{ "rows=%35", "none" },
		{ "cols=132&rows=x", "none" },
	};

	CHECK(query, rows);
}

TEST(a_setting_is_ROWSxCOLS)
{
	static const struct row rows[] = {
		{ "24x80", "24x80" },  { "1x1000", "1x1000" }, { "", "none" },
		{ "24", "none" },      { "24x", "none" },      { "x80", "none" },
		{ "24X80", "none" },   { "24 x 80", "none" },  { "24x80 ", "none" },
		{ "0x80", "none" },    { "24x1001", "none" },  { "24x080", "none" },
		{ "24x80x1", "none" }, { "-24x80", "none" },
	};

	CHECK(written, rows);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_control_object_has_rows_and_cols_and_nothing_else),
		cmocka_unit_test(a_number_is_from_1_to_1000_and_decimal),
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(a_query_may_have_either_and_more),
		cmocka_unit_test(a_setting_is_ROWSxCOLS),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
