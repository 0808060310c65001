/* SPDX-License-Identifier: MIT */
/* A request names its session by a parameter of its query, or a cookie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "session_key.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

struct row {
	const char *text, *name, *value; /* NULL: it is not there */
};

static void check(const struct row *rows, size_t n,
		  struct span (*find)(struct span, struct span))
{
	for (size_t i = 0; i < n; i++) {
		size_t size = strlen(rows[i].text);
		char *copy = malloc(size ? size : 1); /* its end is the end, for ASan */
		struct span got;

		memcpy(copy, rows[i].text, size);
		got = find((struct span){ copy, size },
			   (struct span){ rows[i].name, strlen(rows[i].name) });
		if (!rows[i].value) {
			if (got.p)
				fail_msg("%s has %s: %.*s", rows[i].text, rows[i].name,
					 (int)got.n, got.p);
		} else if (!got.p || got.n != strlen(rows[i].value) ||
			   memcmp(got.p, rows[i].value, got.n) != 0) {
			fail_msg("%s: %s is %.*s, not %s", rows[i].text, rows[i].name,
				 (int)got.n, got.p ? got.p : "", rows[i].value);
		}
		free(copy);
	}
}

TEST(a_parameter_of_the_query)
{
	static const struct row rows[] = {
		{ "s=abc", "s", "abc" },     { "a=1&s=abc&b=2", "s", "abc" },
		{ "s=", "s", "" },           { "s=a=b", "s", "a=b" },
		{ "s=%41+b", "s", "%41+b" }, { "s=one&s=two", "s", "one" },
		{ "ss=x&s=y", "s", "y" },    { "s", "s", NULL },
		{ "s&s=1", "s", "1" },       { "", "s", NULL },
		{ "&&&", "s", NULL },        { "xs=1", "s", NULL },
		{ "S=1", "s", NULL },        { "a=1;s=2", "s", NULL },
	};

	check(rows, sizeof(rows) / sizeof(*rows), session_key_query);
}

TEST(a_cookie)
{
	static const struct row rows[] = {
		{ "s=abc", "s", "abc" },
		{ "a=1; s=abc; b=2", "s", "abc" },
		{ "a=1;s=abc;b=2", "s", "abc" },
		{ "a=1;\ts=abc ", "s", "abc" },
		{ "s=\"abc\"", "s", "\"abc\"" },
		{ "a=s=1", "s", NULL },
		{ "; ;", "s", NULL },
		{ "", "s", NULL },
	};

	check(rows, sizeof(rows) / sizeof(*rows), session_key_cookie);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_parameter_of_the_query),
		cmocka_unit_test(a_cookie),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
