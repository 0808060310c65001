/* SPDX-License-Identifier: MIT */
/* What is a host with an optional port. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "authority.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

/* The verdict on TEXT, in memory of exactly its size. */
static bool is_valid(struct span text)
{
	char *copy = malloc(text.n + (text.n == 0));
	bool valid;

	assert_non_null(copy);
	memcpy(copy, text.p, text.n);
	valid = authority_is_valid((struct span){ copy, text.n });
	free(copy);
	return valid;
}

static void expect_all(const struct span *texts, bool want)
{
	for (; texts->p; texts++)
		if (is_valid(*texts) != want)
			fail_msg("\"%.*s\" is %s", (int)texts->n, texts->p,
				 want ? "refused" : "accepted");
}

TEST(a_host_is_a_name_or_an_address)
{
	static const struct span texts[] = {
		SPAN("h"),       SPAN("localhost"),     SPAN("EXAMPLE.com."),
		SPAN("1.2.3.4"), SPAN("xn--bcher-kva"), SPAN("a_b~c-d"),
		SPAN("[::]"),    SPAN("[::1]"),         SPAN("[::ffff:1.2.3.4]"),
		SPAN("a,b;c=d"), /* sub-delims (RFC 3986 3.2.2) */
		{ NULL, 0 },
	};

	expect_all(texts, true);
}

TEST(a_port_is_optional_and_at_most_65535)
{
	static const struct span good[] = {
		SPAN("h:"),      SPAN("h:0"),        SPAN("h:65535"),
		SPAN("h:00080"), SPAN("[::1]:8080"), { NULL, 0 },
	};
	static const struct span wrong[] = {
		SPAN("h:65536"), SPAN("h:99999999999999999999999999"),
		SPAN("h:-1"),    SPAN("h:8o"),
		SPAN("h:80:80"), SPAN("h: 80"),
		SPAN("[::1]80"), { NULL, 0 },
	};

	expect_all(good, true);
	expect_all(wrong, false);
}

TEST(anything_else_is_no_authority)
{
	static const struct span texts[] = {
		SPAN(""),
		SPAN(":80"),
		SPAN("a b"),
		SPAN("a/b"),
		SPAN("a@b"),
		SPAN("a?b"),
		SPAN("a#b"),
		SPAN("a\\b"),
		SPAN("a\0"),
		SPAN("a%2eb"),
		SPAN("a\xc3"),
		SPAN("<h>"),
		SPAN("::1"),
		SPAN("[]"),
		SPAN("[::1"),
		SPAN("[::1]]"),
		SPAN("[h]"),
		SPAN("[1.2]"),
		SPAN("[::1%1]"),
		SPAN("[::1\0]"),
		SPAN("[v1.x]"),
		SPAN("a[::1]"),
		SPAN("[:::::::::::::::::::::::::::::::::::::::::::::::]"),
		{ NULL, 0 },
	};

	expect_all(texts, false);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_is_a_name_or_an_address),
		cmocka_unit_test(a_port_is_optional_and_at_most_65535),
		cmocka_unit_test(anything_else_is_no_authority),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
