/* SPDX-License-Identifier: MIT */
/* Tests handshake_client.c: what is asked, and which answers open a WebSocket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "handshake_client.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define ROWS(table) (sizeof(table) / sizeof(*(table)))

/* The sample of RFC 6455 1.3. */
#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
#define UPGRADE "Upgrade: websocket\r\n"
#define CONNECTION "Connection: Upgrade\r\n"
#define LINE "HTTP/1.1 101 Switching Protocols\r\n"
#define GOOD LINE UPGRADE CONNECTION ACCEPT
#define PROTOCOL "Sec-WebSocket-Protocol: "

static const char *const offers[] = { "chat", "x", NULL };
static const char *const fields[] = { "A: b", "C:d", NULL };

static const struct {
	const char *head; /* without the empty line */
	const char *want; /* the subprotocol, or what is wrong */
} rows[] = {
	{ GOOD, "" },
	{ GOOD PROTOCOL "x\r\n", "x" },
	{ GOOD "Server: y\r\n" PROTOCOL "chat\r\n", "chat" },
	{ LINE "UPGRADE: WebSocket\r\nconnection: keep-alive, UPGRADE\r\n" ACCEPT, "" },
	{ "HTTP/1.0 101 x\r\n" UPGRADE CONNECTION ACCEPT,
	  "the answer is no 101 of HTTP/1.1" },
	{ "HTTP/1.1 200 x\r\n" UPGRADE CONNECTION ACCEPT,
	  "the answer is no 101 of HTTP/1.1" },
	{ LINE CONNECTION ACCEPT, "the answer does not upgrade to websocket" },
	{ LINE "Upgrade: websockets\r\n" CONNECTION ACCEPT,
	  "the answer does not upgrade to websocket" },
	{ LINE UPGRADE ACCEPT, "Connection does not name Upgrade in the answer" },
	{ LINE UPGRADE "Connection: Upgrades\r\n" ACCEPT,
	  "Connection does not name Upgrade in the answer" },
	{ LINE UPGRADE CONNECTION, "Sec-WebSocket-Accept is not that of our key" },
	{ LINE UPGRADE CONNECTION
	  "Sec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n",
	  "Sec-WebSocket-Accept is not that of our key" },
	{ GOOD ACCEPT, "Sec-WebSocket-Accept is not that of our key" },
	{ GOOD "Sec-WebSocket-Extensions: permessage-deflate\r\n",
	  "the server uses an extension that was not offered" },
	{ GOOD PROTOCOL "y\r\n", "the server chose a subprotocol that was not offered" },
	{ GOOD PROTOCOL "chat, x\r\n",
	  "the server chose a subprotocol that was not offered" },
	{ GOOD PROTOCOL "x\r\n" PROTOCOL "x\r\n",
	  "the server chose a subprotocol that was not offered" },
};

TEST(only_a_legal_101_opens)
{
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct handshake_request q = { .key = KEY, .subprotocols = offers };
		struct span chosen = { "?", 1 };
		struct response r;
		char data[1024], got[200];
		const char *wrong;

		snprintf(data, sizeof(data), "%s\r\n", rows[i].head);
		response_init(&r, sizeof(data));
		assert_int_equal(response_parse(&r, data, strlen(data)), HTTP_DONE);
		wrong = handshake_judge_answer(&q, &r, data, &chosen);
		snprintf(got, sizeof(got), "%.*s", wrong ? 200 : (int)chosen.n,
			 wrong      ? wrong
			 : chosen.n ? chosen.p
				    : "");
		assert_string_equal(got, rows[i].want);
	}
}

TEST(who_offers_no_subprotocol_takes_none)
{
	static const char data[] = GOOD PROTOCOL "x\r\n\r\n";
	struct handshake_request q = { .key = KEY };
	struct span chosen;
	struct response r;

	response_init(&r, sizeof(data));
	assert_int_equal(response_parse(&r, data, sizeof(data) - 1), HTTP_DONE);
	assert_non_null(handshake_judge_answer(&q, &r, data, &chosen));
}

TEST(a_request_is_what_the_server_takes)
{
	struct handshake_request q = { .target = SPAN("/a?b"),
				       .host = SPAN("h:1"),
				       .key = KEY,
				       .origin = "http://o",
				       .authorization = "Basic eA==",
				       .subprotocols = offers,
				       .fields = fields };
	static const char *const server[] = { "x", NULL };
	char data[1024] = "";
	const char *reason;
	struct handshake hs;
	struct http h;
	struct span v;
	int status;
	FILE *f = fmemopen(data, sizeof(data), "w");

	handshake_write_request(&q, f);
	fclose(f);
	http_init(&h, sizeof(data));
	assert_int_equal(http_parse(&h, data, strlen(data)), HTTP_DONE);
	assert_int_equal(handshake_check(&h, data, server, &hs, &status, &reason),
			 HANDSHAKE_OK);
	assert_true(span_is(hs.subprotocol, SPAN("x")));
	assert_true(span_is(http_span(data, h.target), SPAN("/a?b")));
	assert_true(http_find(&h, data, "origin", &v) && span_is(v, SPAN("http://o")));
	assert_true(http_find(&h, data, "authorization", &v) &&
		    span_is(v, SPAN("Basic eA==")));
	assert_true(http_find(&h, data, "a", &v) && span_is(v, SPAN("b")));
	assert_true(http_find(&h, data, "c", &v) && span_is(v, SPAN("d")));
}

TEST(a_field_may_not_be_another_request)
{
	static const char *const good[] = { "A: b", "A:", "x-y:  \t z",
					    "Cookie: \xC3\xA4" };
	static const char *const bad[] = { "",
					   "A",
					   ": b",
					   "A b: c",
					   "A: b\r\nC: d",
					   "A: \x1b",
					   "host: x",
					   "Sec-WebSocket-Key: x" };

	for (size_t i = 0; i < ROWS(good); i++)
		assert_true(handshake_field_valid(good[i]));
	for (size_t i = 0; i < ROWS(bad); i++)
		assert_false(handshake_field_valid(bad[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_legal_101_opens),
		cmocka_unit_test(who_offers_no_subprotocol_takes_none),
		cmocka_unit_test(a_request_is_what_the_server_takes),
		cmocka_unit_test(a_field_may_not_be_another_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
