/* SPDX-License-Identifier: MIT */
/* What the parser of request heads takes, and what it refuses, however the bytes are cut.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define LIMIT 8192

/* A head, which may hold NULs, and its description (see describe()). */
struct head_case {
	struct span head;
	const char *want;
};

static void append(char *out, size_t cap, const char *label, const char *data,
		   struct http_at at)
{
	size_t n = strlen(out);

	snprintf(out + n, cap - n, "%s%.*s", label, (int)at.n, data + at.at);
}

/* Everything that the parser says: "more", "400 why", or the parts of the head. */
static void describe(const struct http *h, const char *data, enum http_parse result,
		     char *out, size_t cap)
{
	out[0] = 0;
	if (result == HTTP_MORE)
		snprintf(out, cap, "more");
	if (result == HTTP_BAD)
		snprintf(out, cap, "%d %s", h->status, h->reason);
	if (result != HTTP_DONE)
		return;
	append(out, cap, "", data, h->method);
	append(out, cap, " ", data, h->target);
	snprintf(out + strlen(out), cap - strlen(out), " 1.%d", h->minor);
	append(out, cap, " path=", data, h->path);
	if (h->has_query)
		append(out, cap, " query=", data, h->query);
	append(out, cap, " host=", data, h->host);
	for (unsigned i = 0; i < h->nfields; i++) {
		append(out, cap, " [", data, h->fields[i].name);
		append(out, cap, "|", data, h->fields[i].value);
		snprintf(out + strlen(out), cap - strlen(out), "]");
	}
}

/* How a head reaches the parser: FIRST bytes, then STEP at a time. */
struct cutting {
	size_t first, step;
};

/* Parse HEAD in a buffer that moves for each call and is exactly as large as what has
 * arrived. */
static void parse(struct span head, size_t limit, struct cutting cut, char *out,
		  size_t cap)
{
	enum http_parse result = HTTP_MORE;
	char *data = NULL;
	struct http h;
	size_t n = cut.first, had = 0;

	http_init(&h, limit);
	for (;; had = n, n += cut.step) {
		char *moved;

		n = n < head.n ? n : head.n;
		moved = malloc(n + 1); /* + 1: never of size 0 */
		assert_non_null(moved);
		if (had > 0)
			memcpy(moved, data, had);
		memcpy(moved + had, head.p + had, n - had);
		free(data);
		data = moved;
		result = http_parse(&h, data, n);
		if (result != HTTP_MORE || n == head.n)
			break;
		assert_int_equal(h.next, n);
	}
	if (result == HTTP_DONE) /* behind the empty line; the cases have no other */
		assert_ptr_equal(data + h.size,
				 (char *)memmem(data, n, "\r\n\r\n", 4) + 4);
	describe(&h, data, result, out, cap);
	free(data);
}

static void check_cut(struct span head, size_t limit, struct cutting cut,
		      const char *want)
{
	static char got[4 * LIMIT];

	parse(head, limit, cut, got, sizeof(got));
	if (strcmp(got, want) != 0)
		fail_msg("\"%.*s\", %zu bytes, then %zu each\n  gives  %s\n  not    %s",
			 (int)head.n, head.p, cut.first, cut.step, got, want);
}

/* Whole, byte by byte, and cut in two everywhere. */
static void check(struct span head, size_t limit, const char *want)
{
	check_cut(head, limit, (struct cutting){ head.n, 1 }, want);
	check_cut(head, limit, (struct cutting){ 0, 1 }, want);
	for (size_t at = 1; at < head.n; at++)
		check_cut(head, limit, (struct cutting){ at, head.n }, want);
}

static void check_all(const struct head_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check(cases[i].head, LIMIT, cases[i].want);
}

/* A request line that needs nothing else, and a field line between those that are needed.
 */
#define LINE(line) SPAN(line "\r\nHost: h\r\n\r\n")
#define FIELD(field) SPAN("GET / HTTP/1.1\r\nHost: h\r\n" field "\r\n\r\n")
#define HOST(host) SPAN("GET / HTTP/1.1\r\nHost:" host "\r\n\r\n")

TEST(a_head_is_taken_apart)
{
	static const struct head_case cases[] = {
		{ SPAN("GET /a/b?c=d HTTP/1.1\r\nHost: example.com:8080\r\nX: y\r\n\r\n"),
		  "GET /a/b?c=d 1.1 path=/a/b query=c=d host=example.com:8080 "
		  "[Host|example.com:8080] [X|y]" },
		{ SPAN("GET / HTTP/1.1\r\nHost: h\r\n\r\n\x81\x85"),
		  "GET / 1.1 path=/ host=h [Host|h]" }, /* frames may follow in the same
							   read */
		{ SPAN("GET / HTTP/1.1\r\nHost: h\r\n\r"), "more" },
		{ SPAN(""), "more" },
	};

	check_all(cases, COUNT(cases));
}

TEST(one_empty_line_before_the_request_line_is_skipped)
{
	static const struct head_case cases[] = {
		{ SPAN("\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"),
		  "GET / 1.1 path=/ host=h [Host|h]" },
		{ SPAN("\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"),
		  "400 a CR in the wrong place" },
		{ SPAN("\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"), "400 a bare LF" },
		{ SPAN("\rGET / HTTP/1.1\r\nHost: h\r\n\r\n"), "400 a bare CR" },
	};

	check_all(cases, COUNT(cases));
}

TEST(a_method_is_any_token)
{
	static const struct head_case cases[] = {
		{ LINE("BREW / HTTP/1.1"), "BREW / 1.1 path=/ host=h [Host|h]" },
		{ LINE("g~!#$%&'*+-.^_`|9 / HTTP/1.1"),
		  "g~!#$%&'*+-.^_`|9 / 1.1 path=/ host=h [Host|h]" },
		{ LINE("CONNECTED / HTTP/1.1"),
		  "CONNECTED / 1.1 path=/ host=h [Host|h]" },
		{ LINE("CONNECT h:80 HTTP/1.1"), "501 CONNECT is not implemented" },
		{ LINE("G(T / HTTP/1.1"), "400 a byte that no method has" },
		{ LINE(" / HTTP/1.1"), "400 this is not HTTP" },
		{ SPAN("GET\r\n\r\n"), "400 a CR in the wrong place" },
		{ SPAN("GET\n"), "400 a bare LF" },
	};

	check_all(cases, COUNT(cases));
}

TEST(what_cannot_be_http_is_refused_at_its_first_byte)
{
	for (int c = 0; c < 256; c++) {
		bool token = c != 0 &&
			     (strchr("!#$%&'*+-.^_`|~", c) || (c >= '0' && c <= '9') ||
			      (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'));
		char byte = (char)c;
		struct http h;

		http_init(&h, LIMIT);
		assert_int_equal(http_parse(&h, &byte, 1),
				 token || c == '\r' ? HTTP_MORE : HTTP_BAD);
	}
	check(SPAN("\x16\x03\x01\x02"), LIMIT,
	      "400 this port does not speak TLS; use http:// or ws://");
}

TEST(a_target_is_a_path_or_an_absolute_uri)
{
	static const struct head_case cases[] = {
		{ LINE("GET /? HTTP/1.1"), "GET /? 1.1 path=/ query= host=h [Host|h]" },
		{ LINE("GET /a?b?c/d HTTP/1.1"),
		  "GET /a?b?c/d 1.1 path=/a query=b?c/d host=h [Host|h]" },
		{ LINE("GET //x HTTP/1.1"), "GET //x 1.1 path=//x host=h [Host|h]" },
		{ LINE("GET /%zz HTTP/1.1"), "GET /%zz 1.1 path=/%zz host=h [Host|h]" },
		{ LINE("GET /|?{^`\\} HTTP/1.1"),
		  "GET /|?{^`\\} 1.1 path=/| query={^`\\} host=h [Host|h]" },
		{ LINE("GET http://a:1/b?c HTTP/1.1"),
		  "GET http://a:1/b?c 1.1 path=/b query=c host=a:1 [Host|h]" },
		{ LINE("GET WSS://a HTTP/1.1"), "GET WSS://a 1.1 path= host=a [Host|h]" },
		{ LINE("GET https://[::1]?c HTTP/1.1"),
		  "GET https://[::1]?c 1.1 path= query=c host=[::1] [Host|h]" },
		{ LINE("GET ws://a/http://b HTTP/1.1"),
		  "GET ws://a/http://b 1.1 path=/http://b host=a [Host|h]" },
	};

	check_all(cases, COUNT(cases));
}

TEST(a_target_of_another_form_is_refused)
{
	static const char other[] =
		"400 the target is neither a path nor an http or ws URI";
	static const char host[] = "400 the target names no valid host";
	static const char escape[] =
		"400 a byte in the target that must be percent-encoded";
	static const struct head_case cases[] = {
		{ LINE("OPTIONS * HTTP/1.1"), other },
		{ LINE("GET h:80 HTTP/1.1"), other },
		{ LINE("GET a/b HTTP/1.1"), other },
		{ LINE("GET ftp://h/ HTTP/1.1"), other },
		{ LINE("GET http:/h HTTP/1.1"), other },
		{ LINE("GET http:/// HTTP/1.1"), host },
		{ LINE("GET ws:// HTTP/1.1"), host },
		{ LINE("GET http://user@h/ HTTP/1.1"), host },
		{ LINE("GET http://h:x/ HTTP/1.1"), host },
		{ LINE("GET  / HTTP/1.1"), "400 an empty target" },
		{ LINE("GET /a\tb HTTP/1.1"), escape },
		{ LINE("GET /#top HTTP/1.1"), escape },
		{ LINE("GET /<b> HTTP/1.1"), escape },
		{ LINE("GET /\" HTTP/1.1"), escape },
		{ LINE("GET /\xc3\xb6 HTTP/1.1"), escape },
		{ LINE("GET /\0 HTTP/1.1"), escape },
		{ LINE("GET /\x7f HTTP/1.1"), escape },
	};

	check_all(cases, COUNT(cases));
}

TEST(a_version_is_http_1_and_a_digit)
{
	static const char malformed[] = "400 a malformed HTTP version";
	static const char other[] = "505 only HTTP/1.1 is spoken here";
	static const struct head_case cases[] = {
		{ LINE("GET / HTTP/1.0"), "GET / 1.0 path=/ host=h [Host|h]" },
		{ LINE("GET / HTTP/1.9"), "GET / 1.9 path=/ host=h [Host|h]" },
		{ LINE("GET / HTTP/0.9"), other },
		{ LINE("GET / HTTP/2.0"), other },
		{ SPAN("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), other }, /* RFC 9113 3.4 */
		{ LINE("GET / HTTP/2"), "400 a CR in the wrong place" },
		{ LINE("GET / HTTP/1.10"), malformed },
		{ LINE("GET / HTTP/1.x"), malformed },
		{ LINE("GET / HTTP/11"), malformed },
		{ LINE("GET / http/1.1"), malformed },
		{ LINE("GET / HTTPS/1.1"), malformed },
		{ LINE("GET / HTTP/1.1 "), malformed },
		{ LINE("GET /  HTTP/1.1"), malformed },
		{ LINE("GET /a b HTTP/1.1"), malformed },
		{ LINE("GET /"), "400 a request line without a version" },
		{ SPAN("GET / HTTP/1.1\nHost: h\r\n\r\n"), "400 a bare LF" },
		{ SPAN("GET / HTTP/1.1\rHost: h\r\n\r\n"), malformed },
	};

	check_all(cases, COUNT(cases));
}

TEST(a_field_is_a_token_a_colon_and_a_value)
{
	static const char name[] = "400 a byte that no field name has";
	static const struct head_case cases[] = {
		{ FIELD("X:y"), "GET / 1.1 path=/ host=h [Host|h] [X|y]" },
		{ FIELD("X: \t y z\t "), "GET / 1.1 path=/ host=h [Host|h] [X|y z]" },
		{ FIELD("X: y\tz"), "GET / 1.1 path=/ host=h [Host|h] [X|y z]" },
		{ FIELD("X:"), "GET / 1.1 path=/ host=h [Host|h] [X|]" },
		{ FIELD("X: \t"), "GET / 1.1 path=/ host=h [Host|h] [X|]" },
		{ FIELD("X: a:b"), "GET / 1.1 path=/ host=h [Host|h] [X|a:b]" },
		{ FIELD("X: \xff"), "GET / 1.1 path=/ host=h [Host|h] [X|\xff]" },
		{ FIELD("X : y"), "400 a blank before the colon of a field" },
		{ FIELD("X\t: y"), "400 a blank before the colon of a field" },
		{ FIELD(": y"), "400 an empty field name" },
		{ FIELD("X(: y"), name },
		{ FIELD("(: y"), name },
		{ FIELD("\xc3\xb6: y"), name },
		{ FIELD("X"), "400 a CR in the wrong place" },
		{ FIELD("X\ny: z"), "400 a bare LF" },
		{ FIELD("X: y\n"), "400 a bare LF" },
		{ FIELD("X: y\rz"), "400 a bare CR" },
		{ FIELD("X: y\r\r"), "400 a bare CR" },
		{ FIELD("X:\ny"), "400 a bare LF" },
		{ FIELD("X: y\r\n z"), "400 a folded field line" },
		{ FIELD("X: y\r\n\tz"), "400 a folded field line" },
		{ SPAN("GET / HTTP/1.1\r\n Host: h\r\n\r\n"), "400 a folded field line" },
		{ SPAN("GET / HTTP/1.1\r\nHost: h\r\n\rX"), "400 a bare CR" },
		{ SPAN("GET / HTTP/1.1\r\nHost: h\r\n\n"), "400 a bare LF" },
	};

	check_all(cases, COUNT(cases));
}

TEST(no_control_byte_stands_in_a_value)
{
	for (int c = 0; c < 256; c++) {
		char head[] = "GET / HTTP/1.0\r\nX: y?z\r\n\r\n";
		bool control = (c < 0x20 && c != '\t') || c == 0x7f;
		struct http h;

		*strchr(head, '?') = (char)c;
		http_init(&h, LIMIT);
		assert_int_equal(http_parse(&h, head, sizeof(head) - 1),
				 control ? HTTP_BAD : HTTP_DONE);
	}
}

TEST(a_tab_inside_a_value_becomes_a_space_and_nothing_else_changes)
{
	static const char sent[] =
		"GET / HTTP/1.1\r\nHost:\th\r\nX: \ta\t\tb \t\r\nY: A%41\r\n\r\n";
	char head[sizeof(sent)];
	struct span value;
	struct http h;

	memcpy(head, sent, sizeof(sent));
	http_init(&h, LIMIT);
	assert_int_equal(http_parse(&h, head, sizeof(sent) - 1), HTTP_DONE);
	assert_true(http_find(&h, head, "x", &value));
	assert_true(span_is(value, SPAN("a  b")));
	for (size_t i = 0; i < sizeof(sent); i++)
		if (head[i] != sent[i])
			assert_true(sent[i] == '\t' && head[i] == ' ');
}

TEST(http_1_1_has_one_valid_host)
{
	static const char invalid[] = "400 an invalid Host";
	static const struct head_case cases[] = {
		{ HOST(" a.b-c_d:65535"),
		  "GET / 1.1 path=/ host=a.b-c_d:65535 [Host|a.b-c_d:65535]" },
		{ HOST("[2001:db8::1]:80"),
		  "GET / 1.1 path=/ host=[2001:db8::1]:80 [Host|[2001:db8::1]:80]" },
		{ HOST("h:"), "GET / 1.1 path=/ host=h: [Host|h:]" },
		{ HOST(""), invalid },
		{ HOST(" "), invalid },
		{ HOST("a b"), invalid },
		{ HOST("a/b"), invalid },
		{ HOST("user@h"), invalid },
		{ HOST("http://h"), invalid },
		{ HOST("h:65536"), invalid },
		{ HOST("::1"), invalid },
		{ HOST("h\r\nHOST:h"), "400 more than one Host" },
		{ SPAN("GET / HTTP/1.1\r\n\r\n"), "400 HTTP/1.1 without Host" },
		{ SPAN("GET http://h/ HTTP/1.1\r\n\r\n"), "400 HTTP/1.1 without Host" },
		{ SPAN("GET / HTTP/1.0\r\n\r\n"), "GET / 1.0 path=/ host=" },
		{ SPAN("GET / HTTP/1.0\r\nHost:\r\n\r\n"), invalid },
		{ SPAN("GET / HTTP/1.0\r\nHost:a\r\nHost:a\r\n\r\n"),
		  "400 more than one Host" },
	};

	check_all(cases, COUNT(cases));
}

/* What answers a load balancer looks at nothing but such a head. */
TEST(a_head_that_lacks_only_its_host_is_known_as_such)
{
	static const struct {
		struct span head;
		bool lacks_host;
	} cases[] = {
		{ SPAN("GET /a?b HTTP/1.1\r\nX: y\r\n\r\n"), true },
		{ SPAN("GET /a?b HTTP/1.1\r\nHost: a b\r\n\r\n"), false },
		{ SPAN("GET /a?b HTTP/1.1\r\nX y\r\n\r\n"), false },
	};
	char data[64];
	struct http h;

	for (size_t i = 0; i < COUNT(cases); i++) {
		http_init(&h, LIMIT);
		memcpy(data, cases[i].head.p, cases[i].head.n);
		assert_int_equal(http_parse(&h, data, cases[i].head.n), HTTP_BAD);
		assert_int_equal(h.lacks_host, cases[i].lacks_host);
		assert_int_equal(h.size, cases[i].lacks_host ? cases[i].head.n : 0);
		assert_true(span_is(http_span(data, h.path), SPAN("/a")));
	}
}

TEST(a_request_has_no_body)
{
	static const struct head_case cases[] = {
		{ FIELD("content-length: 0"),
		  "GET / 1.1 path=/ host=h [Host|h] [content-length|0]" },
		{ FIELD("Content-Length: 5"), "400 a request with a body" },
		{ FIELD("Content-Length: 00"), "400 a request with a body" },
		{ FIELD("Content-Length: +0"), "400 a request with a body" },
		{ FIELD("Content-Length: 0, 0"), "400 a request with a body" },
		{ FIELD("Content-Length:"), "400 a request with a body" },
		{ FIELD("Content-Length: 0\r\nContent-Length: 0"),
		  "400 more than one Content-Length" },
		{ FIELD("transfer-encoding: chunked"),
		  "501 Transfer-Encoding is not implemented" },
		{ FIELD("Transfer-Encoding:"),
		  "501 Transfer-Encoding is not implemented" },
	};

	check_all(cases, COUNT(cases));
}

TEST(a_head_has_at_most_max_header_bytes)
{
	static const char head[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
	static const char done[] = "GET / 1.1 path=/ host=h [Host|h]";
	size_t n = sizeof(head) - 1;

	for (size_t limit = 0; limit <= n + 1; limit++)
		check(SPAN(head), limit,
		      limit < n ? "431 the request head is too large (max_header)"
				: done);
}

TEST(a_head_that_fills_max_header_is_refused_without_a_byte_more)
{
	char head[] = "GET /aaaaaaaaaaa";
	struct http h;

	http_init(&h, sizeof(head) - 1);
	assert_int_equal(http_parse(&h, head, sizeof(head) - 2), HTTP_MORE);
	assert_int_equal(http_parse(&h, head, sizeof(head) - 1), HTTP_BAD);
	assert_int_equal(h.status, 431);
}

TEST(a_head_has_at_most_64_fields)
{
	char head[1024] = "GET / HTTP/1.1\r\nHost: h\r\n";
	size_t n = strlen(head);
	struct http h;

	for (int i = 1; i < HTTP_MAX_FIELDS; i++, n += 5)
		memcpy(head + n, "a:b\r\n", 5);
	memcpy(head + n, "\r\n", 2);
	http_init(&h, LIMIT);
	assert_int_equal(http_parse(&h, head, n + 2), HTTP_DONE);
	assert_int_equal(h.nfields, HTTP_MAX_FIELDS);

	memcpy(head + n, "a", 1);
	http_init(&h, LIMIT);
	assert_int_equal(http_parse(&h, head, n + 1), HTTP_BAD);
	assert_int_equal(h.status, 431);
}

TEST(the_answer_stays_the_same)
{
	char good[] = "GET / HTTP/1.0\r\n\r\nGET /second HTTP/1.0\r\n\r\n";
	char wrong[] = "GET / HTTP/3.0\r\n\r\n";
	struct http h;

	http_init(&h, LIMIT);
	for (size_t n = 18; n < sizeof(good); n++) {
		assert_int_equal(http_parse(&h, good, n), HTTP_DONE);
		assert_int_equal(h.size, 18);
	}
	http_init(&h, LIMIT);
	for (size_t n = 16; n < sizeof(wrong); n++) {
		assert_int_equal(http_parse(&h, wrong, n), HTTP_BAD);
		assert_int_equal(h.status, 505);
	}
}

/*
 * Sent byte by byte, the head costs no more than in one piece: what is behind the parser
 * is spoiled at once (finished lines whole, and the value under way), and the result is
 * the same.
 */
TEST(no_byte_of_a_finished_line_or_of_a_value_is_looked_at_twice)
{
	static const char line[] = "GET /path?query HTTP/1.1\r\nHost: h\r\n";
	static char head[LIMIT + 1], whole[4 * LIMIT], got[4 * LIMIT], data[LIMIT];
	size_t n = strlen(line);
	struct http h;

	memcpy(head, line, n);
	memcpy(head + n, "X: ", 3);
	memset(head + n + 3, 'v', LIMIT - n - 7);
	memcpy(head + LIMIT - 4, "\r\n\r\n", 4);
	parse((struct span){ head, LIMIT }, LIMIT, (struct cutting){ LIMIT, 1 }, whole,
	      sizeof(whole));

	http_init(&h, LIMIT);
	for (size_t i = 0; i < LIMIT; i++) {
		enum http_parse want = i + 1 < LIMIT ? HTTP_MORE : HTTP_DONE;

		data[i] = head[i];
		assert_int_equal(http_parse(&h, data, i + 1), want);
		assert_int_equal(h.next, i + 1);
		if (i + 1 == n)
			memset(data, 0xff, n);
		if (i > n + 3)
			data[i] = (char)0xff;
	}
	describe(&h, head, HTTP_DONE, got, sizeof(got));
	assert_string_equal(got, whole);
}

TEST(fields_are_found_by_name_in_any_case)
{
	char head[] = "GET / HTTP/1.0\r\nAb: 1\r\nABC: 2\r\naB: 3\r\n\r\n";
	struct span value = SPAN("untouched");
	struct http h;

	http_init(&h, LIMIT);
	assert_int_equal(http_parse(&h, head, sizeof(head) - 1), HTTP_DONE);
	assert_true(http_find(&h, head, "AB", &value));
	assert_true(span_is(value, SPAN("1")));
	assert_int_equal(http_count(&h, head, "ab"), 2);
	assert_int_equal(http_count(&h, head, "abc"), 1);
	assert_int_equal(http_count(&h, head, "a"), 0);
	assert_false(http_find(&h, head, "a", &value));
	assert_true(span_is(value, SPAN("1")));
}

TEST(a_token_has_no_delimiters)
{
	assert_true(http_is_token(SPAN("permessage-deflate")));
	assert_true(http_is_token(SPAN("!#$%&'*+-.^_`|~09azAZ")));
	assert_false(http_is_token(SPAN("")));
	assert_false(http_is_token(SPAN("a b")));
	assert_false(http_is_token(SPAN("a\0")));
	for (const char *c = "\"(),/:;<=>?@[\\]{}\t\x7f\x80"; *c; c++)
		assert_false(http_is_token((struct span){ c, 1 }));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_head_is_taken_apart),
		cmocka_unit_test(one_empty_line_before_the_request_line_is_skipped),
		cmocka_unit_test(a_method_is_any_token),
		cmocka_unit_test(what_cannot_be_http_is_refused_at_its_first_byte),
		cmocka_unit_test(a_target_is_a_path_or_an_absolute_uri),
		cmocka_unit_test(a_target_of_another_form_is_refused),
		cmocka_unit_test(a_version_is_http_1_and_a_digit),
		cmocka_unit_test(a_field_is_a_token_a_colon_and_a_value),
		cmocka_unit_test(no_control_byte_stands_in_a_value),
		cmocka_unit_test(
			a_tab_inside_a_value_becomes_a_space_and_nothing_else_changes),
		cmocka_unit_test(http_1_1_has_one_valid_host),
		cmocka_unit_test(a_head_that_lacks_only_its_host_is_known_as_such),
		cmocka_unit_test(a_request_has_no_body),
		cmocka_unit_test(a_head_has_at_most_max_header_bytes),
		cmocka_unit_test(
			a_head_that_fills_max_header_is_refused_without_a_byte_more),
		cmocka_unit_test(a_head_has_at_most_64_fields),
		cmocka_unit_test(the_answer_stays_the_same),
		cmocka_unit_test(
			no_byte_of_a_finished_line_or_of_a_value_is_looked_at_twice),
		cmocka_unit_test(fields_are_found_by_name_in_any_case),
		cmocka_unit_test(a_token_has_no_delimiters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
