/* SPDX-License-Identifier: MIT */
/* Which paths are decoded, once, and which match nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

/* Decode PATH, both buffers being of exactly the size that is said. */
static long decode(struct span path, char *out, size_t cap)
{
	char *in = malloc(path.n + (path.n == 0));
	char *to = malloc(cap + (cap == 0));
	long n;

	assert_non_null(in);
	assert_non_null(to);
	memcpy(in, path.p, path.n);
	n = http_decode_path((struct span){ in, path.n }, to, cap);
	if (n >= 0)
		memcpy(out, to, (size_t)n + 1);
	free(in);
	free(to);
	return n;
}

TEST(a_path_is_percent_decoded_once)
{
	static const struct {
		struct span path;
		const char *want;
	} cases[] = {
		{ SPAN("/"), "/" },         { SPAN(""), "/" },
		{ SPAN("/a/b"), "/a/b" },   { SPAN("/a/"), "/a/" },
		{ SPAN("/%61%7E"), "/a~" }, { SPAN("/a%20b+c"), "/a b+c" },
		{ SPAN("/%2561"), "/%61" }, { SPAN("/%c3%B6"), "/\xc3\xb6" },
		{ SPAN("/..."), "/..." },   { SPAN("/.a/b./..c"), "/.a/b./..c" },
		{ SPAN("/a\\b"), "/a\\b" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char got[64];

		assert_int_equal(decode(cases[i].path, got, sizeof(got)),
				 strlen(cases[i].want));
		assert_string_equal(got, cases[i].want);
	}
}

TEST(a_path_in_disguise_matches_nothing)
{
	static const struct span paths[] = {
		SPAN("a"),           SPAN("%2Fa"),    SPAN("/%"),     SPAN("/%4"),
		SPAN("/%4g"),        SPAN("/%g4"),    SPAN("/a%2Fb"), SPAN("/a%2fb"),
		SPAN("/%00"),        SPAN("/a\0"),    SPAN("/%0a"),   SPAN("/%1F"),
		SPAN("/%7f"),        SPAN("//"),      SPAN("//a"),    SPAN("/a//b"),
		SPAN("/a//"),        SPAN("/."),      SPAN("/.."),    SPAN("/./"),
		SPAN("/a/../b"),     SPAN("/a/./b"),  SPAN("/a/.."),  SPAN("/%2e"),
		SPAN("/a/%2E%2e/b"), SPAN("/a/.%2e"),
	};
	char got[64];

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		if (decode(paths[i], got, sizeof(got)) != -1)
			fail_msg("%.*s is decoded to %s", (int)paths[i].n, paths[i].p,
				 got);
}

TEST(a_path_that_does_not_fit_matches_nothing)
{
	char got[8];

	assert_int_equal(decode(SPAN("/abc"), got, 5), 4);
	for (size_t cap = 0; cap < 5; cap++)
		assert_int_equal(decode(SPAN("/abc"), got, cap), -1);
	assert_int_equal(decode(SPAN("/%61%62%63"), got, 5), 4);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_is_percent_decoded_once),
		cmocka_unit_test(a_path_in_disguise_matches_nothing),
		cmocka_unit_test(a_path_that_does_not_fit_matches_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
