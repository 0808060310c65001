/* SPDX-License-Identifier: MIT */
/* Which bytes a Range field asks for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "range.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

/* FIELD of SIZE bytes as "FIRST-LAST", "whole" or "beyond". */
static const char *asked(const char *field, uint64_t size)
{
	static char text[64];
	struct range r = { 1, 0 };

	switch (range_parse((struct span){ field, strlen(field) }, size, &r)) {
	case RANGE_WHOLE:
		return "whole";
	case RANGE_BEYOND:
		return "beyond";
	case RANGE_PART:
		snprintf(text, sizeof(text), "%llu-%llu", (unsigned long long)r.first,
			 (unsigned long long)r.last);
	}
	return text;
}

struct row {
	const char *field;
	uint64_t size;
	const char *asked;
};

static void check(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(asked(rows[i].field, rows[i].size), rows[i].asked) != 0)
			fail_msg("%s of %llu: %s, not %s", rows[i].field,
				 (unsigned long long)rows[i].size,
				 asked(rows[i].field, rows[i].size), rows[i].asked);
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof(*(rows)))

TEST(one_range_is_cut_at_the_end)
{
	static const struct row rows[] = {
		{ "bytes=0-0", 10, "0-0" },   { "bytes=2-4", 10, "2-4" },
		{ "bytes=9-9", 10, "9-9" },   { "bytes=2-", 10, "2-9" },
		{ "bytes=2-99", 10, "2-9" },  { "bytes=-3", 10, "7-9" },
		{ "bytes=-99", 10, "0-9" },   { "BYTES=2-4", 10, "2-4" },
		{ "bytes= 2-4 ", 10, "2-4" }, { "bytes=002-0004", 10, "2-4" },
		{ "bytes=0-", 1, "0-0" },
	};

	CHECK(rows);
}

TEST(what_is_not_there_is_beyond)
{
	static const struct row rows[] = {
		{ "bytes=10-", 10, "beyond" }, { "bytes=10-12", 10, "beyond" },
		{ "bytes=-0", 10, "beyond" },  { "bytes=0-", 0, "beyond" },
		{ "bytes=0-0", 0, "beyond" },
	};

	CHECK(rows);
}

TEST(anything_else_gets_the_whole)
{
	static const struct row rows[] = {
		{ "", 10, "whole" },
		{ "bytes", 10, "whole" },
		{ "bytes=", 10, "whole" },
		{ "bytes=-", 10, "whole" },
		{ "bytes=3", 10, "whole" },
		{ "bytes=4-2", 10, "whole" },
		{ "bytes=a-b", 10, "whole" },
		{ "bytes=1-2x", 10, "whole" },
		{ "bytes=1-2,4-5", 10, "whole" },
		{ "bytes=1 - 2", 10, "whole" },
		{ "bytes=--2", 10, "whole" },
		{ "bytes=+1-2", 10, "whole" },
		{ "lines=1-2", 10, "whole" },
		{ "bytes=-5", 0, "whole" },
	};

	CHECK(rows);
}

TEST(numbers_beyond_64_bits_are_the_largest)
{
	static const struct row rows[] = {
		{ "bytes=99999999999999999999-", 10, "beyond" },
		{ "bytes=18446744073709551616-", UINT64_MAX, "beyond" },
		{ "bytes=1-99999999999999999999", 10, "1-9" },
		{ "bytes=-99999999999999999999", 10, "0-9" },
		{ "bytes=18446744073709551614-", UINT64_MAX,
		  "18446744073709551614-18446744073709551614" },
	};

	CHECK(rows);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_range_is_cut_at_the_end),
		cmocka_unit_test(what_is_not_there_is_beyond),
		cmocka_unit_test(anything_else_gets_the_whole),
		cmocka_unit_test(numbers_beyond_64_bits_are_the_largest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
