/* SPDX-License-Identifier: MIT */
/* What stands in the head of a response. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

#define ALWAYS "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\r\n"

static void expect_head(const struct http_response *r, const char *want)
{
	char got[1024];

	assert_int_equal(http_respond(got, sizeof(got), r), strlen(want));
	assert_string_equal(got, want);
}

TEST(a_head_says_only_what_it_is_given)
{
	struct http_response r = { .status = 404 };

	expect_head(&r, "HTTP/1.1 404 Not Found\r\n"
			"Connection: close\r\n"
			"Content-Length: 0\r\n" ALWAYS);
}

TEST(a_head_says_everything_it_is_given)
{
	struct http_response r = {
		.status = 405,
		.date = 784111777, /* the example of RFC 9110 5.6.7 */
		.content_type = "text/plain",
		.content_encoding = "gzip",
		.content_length = 12,
		.allow = "GET, HEAD",
		.retry_after = 3,
		.security = "default-src 'none'",
	};

	expect_head(&r, "HTTP/1.1 405 Method Not Allowed\r\n"
			"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
			"Connection: close\r\n"
			"Allow: GET, HEAD\r\n"
			"Retry-After: 3\r\n"
			"Content-Type: text/plain\r\n"
			"Content-Encoding: gzip\r\n"
			"Content-Length: 12\r\n"
			"Content-Security-Policy: default-src 'none'\r\n" ALWAYS);
}

TEST(a_426_names_the_protocol_and_its_version)
{
	struct http_response r = { .status = 426, .websocket_version = true };

	expect_head(&r, "HTTP/1.1 426 Upgrade Required\r\n"
			"Connection: close, Upgrade\r\n"
			"Upgrade: websocket\r\n"
			"Sec-WebSocket-Version: 13\r\n"
			"Content-Length: 0\r\n" ALWAYS);
}

TEST(no_field_stands_there_twice_because_of_more)
{
	struct http_response r = { .status = 404,
				   .more = "Set-Cookie: a=1\r\nset-cookie: b=2\r\n"
					   "cache-control: max-age=60\r\n"
					   "Connection-Note: x\r\nContent: y\r\n" };

	expect_head(&r, "HTTP/1.1 404 Not Found\r\n"
			"Connection: close\r\n"
			"Content-Length: 0\r\n"
			"Cache-Control: no-store\r\n"
			"X-Content-Type-Options: nosniff\r\n"
			"Set-Cookie: a=1\r\nset-cookie: b=2\r\n"
			"Connection-Note: x\r\nContent: y\r\n\r\n");
}

TEST(a_head_is_written_whole_or_not_at_all)
{
	struct http_response r = { .status = 503, .date = 1, .retry_after = 1 };
	char whole[1024];
	size_t n = http_respond(whole, sizeof(whole), &r);

	for (size_t cap = 0; cap <= n + 1; cap++) {
		char *out = malloc(cap + (cap == 0));

		assert_non_null(out);
		assert_int_equal(http_respond(out, cap, &r), cap > n ? n : 0);
		free(out);
	}
}

TEST(every_status_that_we_send_has_a_phrase)
{
	static const int sent[] = { 101, 200, 206, 301, 304, 308, 400, 401,
				    403, 404, 405, 408, 412, 416, 421, 426,
				    429, 431, 500, 501, 502, 503, 504, 505 };

	for (size_t i = 0; i < sizeof(sent) / sizeof(*sent); i++)
		assert_string_not_equal(http_phrase(sent[i]), "");
}

TEST(a_status_that_nobody_has_registered_has_an_empty_phrase)
{
	const struct http_response r = { .status = 418 };
	char out[512];

	assert_true(http_respond(out, sizeof(out), &r) > 0);
	assert_memory_equal(out, "HTTP/1.1 418 \r\n", 15);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_head_says_only_what_it_is_given),
		cmocka_unit_test(a_head_says_everything_it_is_given),
		cmocka_unit_test(a_426_names_the_protocol_and_its_version),
		cmocka_unit_test(no_field_stands_there_twice_because_of_more),
		cmocka_unit_test(a_head_is_written_whole_or_not_at_all),
		cmocka_unit_test(every_status_that_we_send_has_a_phrase),
		cmocka_unit_test(a_status_that_nobody_has_registered_has_an_empty_phrase),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
