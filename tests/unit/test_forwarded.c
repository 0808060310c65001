/* SPDX-License-Identifier: MIT */
/* Whom trusted proxies name, and what of their fields cannot be believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "forwarded.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* 10.0.0.0/8, fd00::/8 and unix are trusted. */
static const struct cidr networks[] = {
	{ CIDR_IPV4, 8, { 10 } },
	{ CIDR_IPV6, 8, { 0xfd } },
	{ .kind = CIDR_UNIX },
};
static const struct cidr_list trusted = { networks, COUNT(networks) };

/* What is said in a head with FIELDS (lines that end in \n): "ADDRESS SCHEME HOST", each
 * - when it is not said; or "!" and the reason. */
static const char *said(const char *fields)
{
	static char text[600];
	char *data = malloc(strlen(fields) * 2 + 100), host[ADDR_TEXT] = "-", *p;
	const char *reason = NULL;
	struct forwarded f;
	struct http h;

	p = stpcpy(data, "GET / HTTP/1.1\r\nHost: h\r\n");
	for (; *fields; fields++)
		p = stpcpy(p, *fields == '\n' ? "\r\n" : (char[]){ *fields, 0 });
	p = stpcpy(p, "\r\n");
	http_init(&h, 8192);
	if (http_parse(&h, data, (size_t)(p - data)) != HTTP_DONE)
		fail_msg("%s", h.reason);
	if (!forwarded_read(&h, data, &trusted, &f, &reason)) {
		snprintf(text, sizeof(text), "!%s", reason);
	} else {
		struct span name = http_span(data, f.host);

		if (f.client.len)
			addr_text(&f.client, host);
		snprintf(text, sizeof(text), "%s %s %.*s", host,
			 !f.has_scheme ? "-"
			 : f.secure    ? "https"
				       : "http",
			 name.n ? (int)name.n : 1, name.n ? name.p : "-");
	}
	free(data);
	return text;
}

struct row {
	const char *fields, *said;
};

static void expect_all(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(said(rows[i].fields), rows[i].said) != 0)
			fail_msg("%s-> %s, not %s", rows[i].fields, said(rows[i].fields),
				 rows[i].said);
}

TEST(without_a_field_nothing_is_said)
{
	static const struct row rows[] = {
		{ "", "- - -" },
		{ "X-Forwarded-For:\n", "- - -" },
		{ "X-Forwarded-For: , ,\nForwarded:  , ;, ; ;\n", "- - -" },
		{ "X-Forwarded: for=1.2.3.4\nForwarded-For: 1.2.3.4\nX-Real-IP: 1.2.3.4\n",
		  "- - -" },
	};

	expect_all(rows, COUNT(rows));
}

TEST(the_client_is_the_last_address_that_is_not_trusted)
{
	static const struct row rows[] = {
		{ "X-Forwarded-For: 192.0.2.1\n", "192.0.2.1:0 - -" },
		{ "x-forwarded-for: 192.0.2.1\n", "192.0.2.1:0 - -" },
		{ "X-Forwarded-For: 192.0.2.1, 192.0.2.2\n", "192.0.2.2:0 - -" },
		{ "X-Forwarded-For: 192.0.2.1,10.0.0.1\n", "192.0.2.1:0 - -" },
		{ "X-Forwarded-For: 192.0.2.1 ,\t192.0.2.2 , 10.0.0.1 , fd00::1,\n",
		  "192.0.2.2:0 - -" },
		{ "X-Forwarded-For: 192.0.2.1\nX-Forwarded-For: 192.0.2.2\n"
		  "X-Forwarded-For: 10.0.0.1\n",
		  "192.0.2.2:0 - -" },
		{ "X-Forwarded-For: 10.0.0.3, 10.0.0.2\n", "10.0.0.3:0 - -" },
		{ "X-Forwarded-For: 10.0.0.3, ::ffff:10.0.0.2\n", "10.0.0.3:0 - -" },
		/* whoever is not trusted writes what he likes */
		{ "X-Forwarded-For: evil, unknown, 192.0.2.2, 10.0.0.1\n",
		  "192.0.2.2:0 - -" },
		{ "X-Forwarded-For: 10.0.0.9, 192.0.2.2\n", "192.0.2.2:0 - -" },
		{ "Forwarded: for=192.0.2.1, for=192.0.2.2, for=10.0.0.1\n",
		  "192.0.2.2:0 - -" },
		{ "Forwarded: for=192.0.2.1\nForwarded: for=10.0.0.1, for=10.0.0.2\n",
		  "192.0.2.1:0 - -" },
		{ "Forwarded: for=_evil, for=192.0.2.2, for=10.0.0.1\n",
		  "192.0.2.2:0 - -" },
		{ "Forwarded: for=10.0.0.3, for=10.0.0.2\n", "10.0.0.3:0 - -" },
	};

	expect_all(rows, COUNT(rows));
}

TEST(an_address_may_have_a_port_and_brackets)
{
	static const struct row rows[] = {
		{ "X-Forwarded-For: 192.0.2.1:4711\n", "192.0.2.1:4711 - -" },
		{ "X-Forwarded-For: 2001:db8::1\n", "[2001:db8::1]:0 - -" },
		{ "X-Forwarded-For: [2001:db8::1]\n", "[2001:db8::1]:0 - -" },
		{ "X-Forwarded-For: [2001:db8::1]:4711\n", "[2001:db8::1]:4711 - -" },
		{ "X-Forwarded-For: ::ffff:192.0.2.1\n", "192.0.2.1:0 - -" },
		{ "Forwarded: for=\"[2001:db8::1]:4711\"\n", "[2001:db8::1]:4711 - -" },
		{ "Forwarded: for=\"192.0.2.1:65535\"\n", "192.0.2.1:65535 - -" },
		{ "Forwarded: for=\"192.0.2.1:_port\"\n", "192.0.2.1:0 - -" },
	};

	expect_all(rows, COUNT(rows));
}

TEST(an_element_of_forwarded_has_scheme_and_host_of_its_client)
{
	static const struct row rows[] = {
		{ "Forwarded: for=192.0.2.1;proto=https;host=a.example;by=x\n",
		  "192.0.2.1:0 https a.example" },
		{ "Forwarded: FOR = 192.0.2.1\n", "!Forwarded is not well-formed" },
		{ "Forwarded: FOR=192.0.2.1 ; Proto=HTTP;HOST=\"a.example:81\";ext=\"a,b;c\\\"\"\n",
		  "192.0.2.1:0 http a.example:81" },
		{ "Forwarded: for=192.0.2.9;host=evil, for=192.0.2.1;proto=https;host=a, "
		  "for=10.0.0.1;proto=http;host=b\n",
		  "192.0.2.1:0 https a" },
		/* an element that does not say for whom hides what is before it */
		{ "Forwarded: for=192.0.2.9, proto=https\n", "- https -" },
		{ "Forwarded: for=192.0.2.9;host=evil, by=10.0.0.1\n", "- - -" },
		{ "Forwarded: proto=wss;host=[::1]\n", "!Forwarded is not well-formed" },
		{ "Forwarded: proto=wss;host=\"[::1]:8\"\n", "- https [::1]:8" },
	};

	expect_all(rows, COUNT(rows));
}

TEST(of_x_forwarded_proto_and_host_the_last_counts)
{
	static const struct row rows[] = {
		{ "X-Forwarded-Proto: https\nX-Forwarded-Host: a.example:81\n",
		  "- https a.example:81" },
		{ "X-Forwarded-Proto: https, http\n", "- http -" },
		{ "X-Forwarded-Proto: evil, WSS\n", "- https -" },
		{ "X-Forwarded-Proto: ws\n", "- http -" },
		{ "X-Forwarded-Host: <evil>, a\nX-Forwarded-Host: b\n", "- - b" },
		{ "X-Forwarded-For: 192.0.2.1, 192.0.2.2\nX-Forwarded-Proto: https\n"
		  "X-Forwarded-Host: h\n",
		  "192.0.2.2:0 https h" },
	};

	expect_all(rows, COUNT(rows));
}

TEST(what_does_not_tell_the_client_is_refused)
{
	static const char *const nodes[] = {
		"unknown",
		"_hidden",
		"localhost",
		"192.0.2",
		"192.0.2.1.",
		"192.0.2.1:",
		"192.0.2.1:65536",
		"192.0.2.1:x",
		"192.0.2.1:1:1",
		"[192.0.2.1]",
		"[::1",
		"::1]",
		"[::1]x",
		"[::1]80",
		"[]",
		"::1%lo",
		"192.0.2.1:_",
		"unix:",
		"192.0.2.1 x",
		"[::1]:123456",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc",
	};
	char fields[200];

	for (size_t i = 0; i < COUNT(nodes); i++) {
		snprintf(fields, sizeof(fields),
			 "X-Forwarded-For: 192.0.2.9, %s, 10.0.0.1\n", nodes[i]);
		assert_string_equal(
			said(fields),
			"!X-Forwarded-For does not tell the client's address");
		snprintf(fields, sizeof(fields), "Forwarded: for=\"%s\", for=10.0.0.1\n",
			 nodes[i]);
		assert_string_equal(said(fields),
				    "!Forwarded does not tell the client's address");
	}
	assert_string_equal(said("Forwarded: for=\"\"\n"),
			    "!Forwarded does not tell the client's address");
	assert_string_equal(said("Forwarded: for=\"192.0.2.\\1\"\n"),
			    "!Forwarded does not tell the client's address");
}

TEST(what_is_not_well_formed_is_refused)
{
	static const char *const values[] = {
		"for",
		"for=",
		"=192.0.2.1",
		"for=192.0.2.1;for=192.0.2.1",
		"for=192.0.2.1;proto=http;Proto=http",
		"for=192.0.2.1 host=a",
		"for=[::1]",
		"for=192.0.2.1:80",
		"for=\"192.0.2.1",
		"for=\"192.0.2.1\\\"",
		"for=\"192.0.2.1\"x",
		"for=192.0.2.1;host=a b",
		"for=192.0.2.1;;=",
		"for=\"x, for=192.0.2.1", /* a client's quote must not swallow a proxy's
					   * element */
		"192.0.2.1, for=192.0.2.1",
		"for,x=192.0.2.1",
	};
	char fields[200];

	for (size_t i = 0; i < COUNT(values); i++) {
		snprintf(fields, sizeof(fields), "Forwarded: %s\n", values[i]);
		if (strcmp(said(fields), "!Forwarded is not well-formed") != 0)
			fail_msg("%s-> %s", fields, said(fields));
	}
}

TEST(a_scheme_or_host_that_is_none_is_refused)
{
	static const struct row rows[] = {
		{ "X-Forwarded-Proto: ftp\n",
		  "!the forwarded scheme is not http or https" },
		{ "X-Forwarded-Proto: https/\n",
		  "!the forwarded scheme is not http or https" },
		{ "Forwarded: proto=httpss\n",
		  "!the forwarded scheme is not http or https" },
		{ "X-Forwarded-Host: a/b\n", "!the forwarded host is not valid" },
		{ "X-Forwarded-Host: a b\n", "!the forwarded host is not valid" },
		{ "X-Forwarded-Host: u@a\n", "!the forwarded host is not valid" },
		{ "X-Forwarded-Host: a:99999\n", "!the forwarded host is not valid" },
		{ "Forwarded: host=\"\"\n", "!the forwarded host is not valid" },
		{ "Forwarded: host=\"\\a\"\n", "!the forwarded host is not valid" },
		{ "Forwarded: host=a\nX-Forwarded-Host: <>\n",
		  "!the forwarded host is not valid" },
	};

	expect_all(rows, COUNT(rows));
}

TEST(both_kinds_must_agree)
{
	static const struct row rows[] = {
		{ "Forwarded: for=192.0.2.1\nX-Forwarded-For: 192.0.2.1\n",
		  "192.0.2.1:0 - -" },
		{ "Forwarded: for=192.0.2.1\nX-Forwarded-For: 192.0.2.1:7\n",
		  "192.0.2.1:7 - -" },
		{ "Forwarded: for=\"192.0.2.1:8\"\nX-Forwarded-For: 192.0.2.1\n",
		  "192.0.2.1:8 - -" },
		{ "Forwarded: proto=https;host=A\nX-Forwarded-Proto: wss\n"
		  "X-Forwarded-Host: a\n",
		  "- https A" },
		{ "Forwarded: proto=https\nX-Forwarded-For: 192.0.2.1\n",
		  "192.0.2.1:0 https -" },
		{ "Forwarded: for=192.0.2.1\nX-Forwarded-For: 192.0.2.2\n",
		  "!Forwarded and X-Forwarded-For name different clients" },
		{ "Forwarded: for=192.0.2.1\nX-Forwarded-For: x\n",
		  "!X-Forwarded-For does not tell the client's address" },
		{ "Forwarded: proto=https\nX-Forwarded-Proto: http\n",
		  "!Forwarded and X-Forwarded-Proto name different schemes" },
		{ "Forwarded: host=a\nX-Forwarded-Host: b\n",
		  "!Forwarded and X-Forwarded-Host name different hosts" },
	};

	expect_all(rows, COUNT(rows));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_field_nothing_is_said),
		cmocka_unit_test(the_client_is_the_last_address_that_is_not_trusted),
		cmocka_unit_test(an_address_may_have_a_port_and_brackets),
		cmocka_unit_test(
			an_element_of_forwarded_has_scheme_and_host_of_its_client),
		cmocka_unit_test(of_x_forwarded_proto_and_host_the_last_counts),
		cmocka_unit_test(what_does_not_tell_the_client_is_refused),
		cmocka_unit_test(what_is_not_well_formed_is_refused),
		cmocka_unit_test(a_scheme_or_host_that_is_none_is_refused),
		cmocka_unit_test(both_kinds_must_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
