/* SPDX-License-Identifier: MIT */
/* Which pages may open a path. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "access.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static char *only_same[] = { (char[]){ "same" }, NULL };
static const struct access_conf same = { .origins = only_same, .origin_missing = true };

/* TEXT, NULL for none, in memory of exactly its size; yours. */
static struct span copy_of(const char *text)
{
	struct span s = { NULL, text ? strlen(text) : 0 };
	char *copy = text ? malloc(s.n + 1) : NULL;

	if (copy)
		s.p = memcpy(realloc(copy, s.n + (s.n == 0)), text, s.n);
	return s;
}

/* May a page of ORIGIN open a path of HOST? */
static bool allowed(const struct access_conf *conf, const char *origin, const char *host)
{
	struct span o = copy_of(origin), h = copy_of(host);
	bool yes = access_origin(conf, o, h);

	free((char *)o.p);
	free((char *)h.p);
	return yes;
}

struct pair {
	const char *origin, *host;
};

/* The verdict on all ROWS, the last of which has no host. */
static void expect_all(const struct access_conf *conf, const struct pair *rows, bool want)
{
	for (; rows->host; rows++)
		if (allowed(conf, rows->origin, rows->host) != want)
			fail_msg("a page of %s is %s at %s",
				 rows->origin ? rows->origin : "nowhere",
				 want ? "refused" : "allowed", rows->host);
}

/* ---- same ---- */

TEST(same_is_the_same_host_and_port)
{
	static const struct pair yes[] = {
		{ "http://h", "h" },
		{ "http://h:8765", "h:8765" },
		{ "https://h:8765", "h:8765" },
		{ "http://127.0.0.1:1", "127.0.0.1:1" },
		{ "http://a.b.example", "a.b.example" },
		{ NULL, NULL },
	};
	static const struct pair no[] = {
		{ "http://evil", "h" },
		{ "http://h", "h:8765" },
		{ "http://h:8765", "h" },
		{ "http://h:8766", "h:8765" },
		{ "http://h:876", "h:8765" },
		{ "http://h:87650", "h:8765" },
		{ "http://h.evil", "h" },
		{ "http://evil.h", "h" },
		{ "http://hh", "h" },
		{ "http://h", "hh" },
		{ "http://localhost:1", "127.0.0.1:1" },
		{ NULL, NULL },
	};

	expect_all(&same, yes, true);
	expect_all(&same, no, false);
}

TEST(a_port_left_out_is_the_default_of_the_origins_scheme)
{
	static const struct pair yes[] = {
		{ "http://h", "h:80" },   { "http://h:80", "h" },
		{ "https://h", "h:443" }, { "https://h:443", "h" },
		{ "https://h", "h" },     { "http://h", "h:" },
		{ NULL, NULL },
	};
	static const struct pair no[] = {
		{ "http://h", "h:443" },     { "http://h:443", "h" },
		{ "https://h", "h:80" },     { "https://h:80", "h" },
		{ "https://h:443", "h:80" }, { NULL, NULL },
	};

	expect_all(&same, yes, true);
	expect_all(&same, no, false);
}

TEST(the_colons_of_an_ipv6_address_are_no_port)
{
	static const struct pair yes[] = {
		{ "http://[::1]", "[::1]" },
		{ "http://[::1]", "[::1]:80" },
		{ "https://[::1]:443", "[::1]" },
		{ "http://[::1]:8765", "[::1]:8765" },
		{ "http://[2001:DB8::A]:1", "[2001:db8::a]:1" },
		{ NULL, NULL },
	};
	static const struct pair no[] = {
		{ "http://[::1]", "[::2]" },   { "http://[::1]", "[::]:1" },
		{ "http://[::1]:1", "[::1]" }, { "http://[::1]:1", "[::1:1]" },
		{ "http://::1", "[::1]" },     { NULL, NULL },
	};

	expect_all(&same, yes, true);
	expect_all(&same, no, false);
}

TEST(case_does_not_matter_in_scheme_and_host)
{
	static const struct pair yes[] = {
		{ "http://EXAMPLE.com", "example.COM" },
		{ "HTTP://h", "h:80" },
		{ "HttpS://h", "h:443" },
		{ NULL, NULL },
	};

	expect_all(&same, yes, true);
}

TEST(what_is_no_origin_of_a_web_page_is_not_the_same)
{
	static const struct pair no[] = {
		{ "null", "null" },
		{ "", "" },
		{ "", "h" },
		{ "h", "h" },
		{ "//h", "h" },
		{ "http:h", "h" },
		{ "http:/h", "h" },
		{ "http://", "h" },
		{ "https://", "" },
		{ "file://h", "h" },
		{ "ftp://h", "h" },
		{ "ws://h", "h" },
		{ "chrome-extension://h", "h" },
		{ "xhttp://h", "h" },
		{ "http://h/", "h" },
		{ "http://h:80/", "h:80" },
		{ "http://h#", "h" },
		{ "http://u@h", "h" },
		{ "http://h@evil", "h" },
		{ "http://h@evil:80", "h" },
		{ "http://h http://evil", "h" },
		{ "http://evil http://h", "h" },
		{ "http://evil:80:80", "h" },
		{ " http://h", "h" },
		{ NULL, NULL },
	};

	expect_all(&same, no, false);
}

/* ---- any, missing ---- */

TEST(any_is_every_page)
{
	static char word[] = "any", *only_any[] = { word, NULL };
	static const struct access_conf any = { .origins = only_any };
	static const struct pair yes[] = {
		{ "http://evil", "h" }, { "null", "h" }, { "", "h" },
		{ NULL, "h" },          { NULL, NULL },
	};

	expect_all(&any, yes, true);
}

TEST(a_request_without_origin_is_judged_by_origin_missing)
{
	char *list[] = { (char[]){ "https://a" }, NULL };
	char **policies[] = { only_same, list };

	for (size_t i = 0; i < sizeof(policies) / sizeof(*policies); i++) {
		struct access_conf conf = { .origins = policies[i] };

		assert_false(allowed(&conf, NULL, "h"));
		conf.origin_missing = true;
		assert_true(allowed(&conf, NULL, "h"));
	}
}

TEST(an_empty_origin_is_not_a_missing_one)
{
	assert_false(allowed(&same, "", "h"));
}

/* ---- a list ---- */

TEST(a_list_names_whole_origins_whatever_the_host)
{
	char *origins[] = { (char[]){ "https://www.example.com" },
			    (char[]){ "http://[::1]:8080" }, NULL };
	const struct access_conf list = { .origins = origins, .origin_missing = true };
	static const struct pair yes[] = {
		{ "https://www.example.com", "h" },
		{ "HTTPS://WWW.Example.COM", "h" },
		{ "http://[::1]:8080", "h" },
		{ NULL, NULL },
	};
	static const struct pair no[] = {
		{ "http://www.example.com", "h" },
		{ "https://example.com", "h" },
		{ "https://www.example.com.evil", "h" },
		{ "https://www.example.co", "h" },
		{ "https://www.example.com:8443", "h" },
		{ "http://[::1]:80800", "h" },
		{ "http://h", "h" }, /* the same host is not listed */
		{ "null", "h" },
		{ "", "h" },
		{ NULL, NULL },
	};

	expect_all(&list, yes, true);
	expect_all(&list, no, false);
}

TEST(same_may_stand_in_a_list)
{
	char *origins[] = { (char[]){ "https://other.example" }, (char[]){ "same" },
			    NULL };
	const struct access_conf list = { .origins = origins };
	static const struct pair yes[] = {
		{ "https://other.example", "h" },
		{ "https://h", "h" },
		{ "http://h:81", "h:81" },
		{ NULL, NULL },
	};
	static const struct pair no[] = {
		{ "http://other.example", "h" },
		{ "https://evil", "h" },
		{ "same", "h" },
		{ "same", "same" },
		{ NULL, "h" },
		{ NULL, NULL },
	};

	expect_all(&list, yes, true);
	expect_all(&list, no, false);
}

/* ---- in messages ---- */

TEST(a_policy_is_told_as_it_was_written)
{
	char *origins[] = { (char[]){ "same" }, (char[]){ "http://b:1" }, NULL };
	const struct access_conf list = { .origins = origins };
	char out[100];

	assert_ptr_equal(access_origin_text(&same, out, sizeof(out)), out);
	assert_string_equal(out, "same");
	assert_string_equal(access_origin_text(&list, out, sizeof(out)),
			    "same http://b:1");
}

TEST(a_long_list_is_cut_to_the_room_that_there_is)
{
	char *origins[] = { (char[]){ "https://a" }, (char[]){ "http://b:1" },
			    (char[]){ "http://c" }, NULL };
	struct access_conf conf = { .origins = origins };

	for (size_t cap = 1; cap <= sizeof("https://a http://b:1 http://c"); cap++) {
		char *out = malloc(cap);

		access_origin_text(&conf, out, cap);
		assert_int_equal(strlen(out), cap - 1);
		assert_memory_equal(out, "https://a http://b:1 http://c", cap - 1);
		free(out);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_is_the_same_host_and_port),
		cmocka_unit_test(a_port_left_out_is_the_default_of_the_origins_scheme),
		cmocka_unit_test(the_colons_of_an_ipv6_address_are_no_port),
		cmocka_unit_test(case_does_not_matter_in_scheme_and_host),
		cmocka_unit_test(what_is_no_origin_of_a_web_page_is_not_the_same),
		cmocka_unit_test(any_is_every_page),
		cmocka_unit_test(a_request_without_origin_is_judged_by_origin_missing),
		cmocka_unit_test(an_empty_origin_is_not_a_missing_one),
		cmocka_unit_test(a_list_names_whole_origins_whatever_the_host),
		cmocka_unit_test(same_may_stand_in_a_list),
		cmocka_unit_test(a_policy_is_told_as_it_was_written),
		cmocka_unit_test(a_long_list_is_cut_to_the_room_that_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
