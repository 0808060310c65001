/* SPDX-License-Identifier: MIT */
/* Which requests become a WebSocket, and what they are answered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "handshake.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define KEY_FIELD "Sec-WebSocket-Key: " KEY "\r\n"
#define VERSION_FIELD "Sec-WebSocket-Version: 13\r\n"
#define UPGRADE "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define GET "GET / HTTP/1.1\r\nHost: h\r\n"

/* Heads that lack nothing but their end. */
#define GOOD GET UPGRADE VERSION_FIELD KEY_FIELD
#define WITH_KEY(key) GET UPGRADE VERSION_FIELD "Sec-WebSocket-Key: " key "\r\n"
#define WITH_VERSION(version) GET UPGRADE version KEY_FIELD
#define WITH(upgrade) GET VERSION_FIELD KEY_FIELD upgrade
#define OFFERING(fields) GOOD fields

struct handshake_case {
	const char *head; /* without the empty line */
	const char *want; /* see describe() */
};

static const char *const server_list[] = { "v2.chat", "chat", "x", NULL };

/* "none", "400 why", or "ok KEY" and, if there is one, the subprotocol. */
static void describe(const struct http *h, const char *data,
		     const char *const *subprotocols, char *out, size_t cap)
{
	const char *reason = NULL;
	struct handshake hs;
	int status = 0;

	switch (handshake_check(h, data, subprotocols, &hs, &status, &reason)) {
	case HANDSHAKE_NONE:
		snprintf(out, cap, "none");
		break;
	case HANDSHAKE_BAD:
		snprintf(out, cap, "%d %s", status, reason);
		break;
	case HANDSHAKE_OK:
		snprintf(out, cap, "ok %.*s%s%.*s", (int)hs.key.n, hs.key.p,
			 hs.subprotocol.n > 0 ? " " : "", (int)hs.subprotocol.n,
			 hs.subprotocol.n > 0 ? hs.subprotocol.p : "");
		break;
	}
}

/* How a head reaches the parser: FIRST bytes, then STEP at a time. */
struct cutting {
	size_t first, step;
};

static void check_cut(const char *head, const char *const *subprotocols,
		      struct cutting cut, const char *want)
{
	char data[4096], got[256];
	size_t size = strlen(head) + 2, n = cut.first;
	struct http h;

	assert_true(size < sizeof(data));
	snprintf(data, sizeof(data), "%s\r\n", head);
	http_init(&h, sizeof(data));
	while (http_parse(&h, data, n < size ? n : size) == HTTP_MORE && n < size)
		n += cut.step;
	if (h.size != size)
		fail_msg("%s is no request head", head);
	describe(&h, data, subprotocols, got, sizeof(got));
	if (strcmp(got, want) != 0)
		fail_msg("%s, %zu bytes, then %zu each\n  gives  %s\n  not    %s", head,
			 cut.first, cut.step, got, want);
}

/* Whole, byte by byte, and cut in two everywhere. */
static void check(const char *head, const char *const *subprotocols, const char *want)
{
	size_t size = strlen(head) + 2;

	check_cut(head, subprotocols, (struct cutting){ size, 1 }, want);
	check_cut(head, subprotocols, (struct cutting){ 0, 1 }, want);
	for (size_t at = 1; at < size; at++)
		check_cut(head, subprotocols, (struct cutting){ at, size }, want);
}

static void check_all(const struct handshake_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check(cases[i].head, server_list, cases[i].want);
}

TEST(upgrade_and_connection_are_tokens_in_any_case_and_position)
{
	static const struct handshake_case cases[] = {
		{ WITH(UPGRADE), "ok " KEY },
		{ WITH("Upgrade: WebSocket\r\nConnection: keep-alive, UPGRADE\r\n"),
		  "ok " KEY },
		{ WITH("upgrade: h2c,,websocket , x\r\nconnection: ,upgrade,\r\n"),
		  "ok " KEY },
		{ WITH("Upgrade: h2c\r\nUpgrade: websocket\r\n"
		       "Connection: a\r\nConnection: upgrade\r\n"),
		  "ok " KEY },
	};

	check_all(cases, COUNT(cases));
}

TEST(a_request_that_does_not_ask_for_websocket_is_an_ordinary_one)
{
	static const struct handshake_case cases[] = {
		{ GET, "none" },
		{ "POST / HTTP/1.0\r\n", "none" },
		{ WITH("Connection: Upgrade\r\n"), "none" },
		{ WITH("Upgrade:\r\nConnection: Upgrade\r\n"), "none" },
		{ WITH("Upgrade: h2c\r\nConnection: Upgrade\r\n"), "none" },
		{ WITH("Upgrade: websockets\r\nConnection: Upgrade\r\n"), "none" },
		{ WITH("Upgrade: web socket\r\nConnection: Upgrade\r\n"), "none" },
		{ WITH("Upgrade: websocket/13\r\nConnection: Upgrade\r\n"), "none" },
	};

	check_all(cases, COUNT(cases));
}

TEST(connection_must_name_upgrade)
{
	static const char want[] =
		"400 Connection does not name Upgrade; a proxy may have removed it";
	static const struct handshake_case cases[] = {
		{ WITH("Upgrade: websocket\r\n"), want },
		{ WITH("Upgrade: websocket\r\nConnection: close\r\n"), want },
		{ WITH("Upgrade: websocket\r\nConnection: upgrades\r\n"), want },
		{ WITH("Upgrade: websocket\r\nConnection: keep-alive upgrade\r\n"),
		  want },
	};

	check_all(cases, COUNT(cases));
}

TEST(only_get_of_http_1_1_can_upgrade)
{
	static const struct handshake_case cases[] = {
		{ "GET / HTTP/1.2\r\nHost: h\r\n" UPGRADE VERSION_FIELD KEY_FIELD,
		  "ok " KEY },
		{ "GET / HTTP/1.0\r\nHost: h\r\n" UPGRADE VERSION_FIELD KEY_FIELD,
		  "505 a WebSocket needs HTTP/1.1" },
		{ "POST / HTTP/1.1\r\nHost: h\r\n" UPGRADE VERSION_FIELD KEY_FIELD,
		  "405 a WebSocket is opened with GET" },
		{ "HEAD / HTTP/1.1\r\nHost: h\r\n" UPGRADE VERSION_FIELD KEY_FIELD,
		  "405 a WebSocket is opened with GET" },
		{ "get / HTTP/1.1\r\nHost: h\r\n" UPGRADE VERSION_FIELD KEY_FIELD,
		  "405 a WebSocket is opened with GET" },
	};

	check_all(cases, COUNT(cases));
}

TEST(the_version_is_13_and_said_once)
{
	static const char other[] =
		"426 only version 13 of the WebSocket protocol is spoken here";
	static const struct handshake_case cases[] = {
		{ WITH_VERSION("sec-websocket-version:13\r\n"), "ok " KEY },
		{ WITH_VERSION(""), other },
		{ WITH_VERSION("Sec-WebSocket-Version:\r\n"), other },
		{ WITH_VERSION("Sec-WebSocket-Version: 8\r\n"), other },
		{ WITH_VERSION("Sec-WebSocket-Version: 14\r\n"), other },
		{ WITH_VERSION("Sec-WebSocket-Version: 013\r\n"), other },
		{ WITH_VERSION("Sec-WebSocket-Version: 13, 8\r\n"), other },
		{ WITH_VERSION(VERSION_FIELD VERSION_FIELD),
		  "400 more than one Sec-WebSocket-Version" },
	};

	check_all(cases, COUNT(cases));
}

TEST(the_key_is_the_canonical_base64_of_16_bytes)
{
	static const char bad[] = "400 Sec-WebSocket-Key is no base64 of 16 bytes";
	static const struct handshake_case cases[] = {
		{ WITH_KEY("AAAAAAAAAAAAAAAAAAAAAA=="), "ok AAAAAAAAAAAAAAAAAAAAAA==" },
		{ WITH_KEY("/+09azAZ/+09azAZ/+09aw=="), "ok /+09azAZ/+09azAZ/+09aw==" },
		{ WITH_KEY("AAAAAAAAAAAAAAAAAAAAAg=="), "ok AAAAAAAAAAAAAAAAAAAAAg==" },
		{ WITH_KEY("AAAAAAAAAAAAAAAAAAAAAQ=="), "ok AAAAAAAAAAAAAAAAAAAAAQ==" },
		{ WITH_KEY("AAAAAAAAAAAAAAAAAAAAAB=="),
		  bad }, /* stray bits (RFC 4648 3.5) */
		{ WITH_KEY("AAAAAAAAAAAAAAAAAAAAAI=="), bad },
		{ WITH_KEY(""), bad },
		{ WITH_KEY("AAAAAAAAAAAAAAAAAAAA"), bad },     /* 15 bytes */
		{ WITH_KEY("AAAAAAAAAAAAAAAAAAAAAAA="), bad }, /* 17 bytes */
		{ WITH_KEY("AAAAAAAAAAAAAAAAAAAAAAAA"), bad }, /* 18 bytes */
		{ WITH_KEY("AAAAAAAAAAAAAAAAAAAAAA"), bad },   /* no padding */
		{ WITH_KEY("AAAAAAAAAAAAAAAAAAAAAA==="), bad },
		{ WITH_KEY("AAAAAAAAAAAAAAAAAAAAA==="), bad },
		{ WITH_KEY("AAAAAAAAAAA=AAAAAAAAAA=="), bad },
		{ WITH_KEY("AAAAAAAAAAAAAAAAAAAAAA=A"), bad },
		{ WITH_KEY("AAAAAAAAAAAAAAAAAAAAAAA="), bad },
		{ WITH_KEY("AAAAAAAAAAAAAAAAAAAAAAAA="), bad },
		{ WITH_KEY("AAAAAAAAAA AAAAAAAAAAA=="), bad },
		{ WITH_KEY("AAAAAAAAAAA-AAAAAAAAAA=="), bad }, /* the URL alphabet */
		{ WITH_KEY("AAAAAAAAAAA_AAAAAAAAAA=="), bad },
		{ GET UPGRADE VERSION_FIELD,
		  "400 a WebSocket needs one Sec-WebSocket-Key" },
		{ GOOD KEY_FIELD, "400 a WebSocket needs one Sec-WebSocket-Key" },
	};

	check_all(cases, COUNT(cases));
}

TEST(there_is_at_most_one_origin)
{
	check(GOOD "Origin: http://a\r\n", NULL, "ok " KEY);
	check(GOOD "Origin: http://a\r\norigin: http://a\r\n", NULL,
	      "400 more than one Origin");
}

TEST(the_subprotocol_is_the_servers_first_that_is_offered)
{
	static const struct handshake_case cases[] = {
		{ OFFERING(""), "ok " KEY },
		{ OFFERING("Sec-WebSocket-Protocol: x\r\n"), "ok " KEY " x" },
		{ OFFERING("Sec-WebSocket-Protocol: x, chat ,v2.chat\r\n"),
		  "ok " KEY " v2.chat" },
		{ OFFERING("Sec-WebSocket-Protocol: x,, chat,\r\n"), "ok " KEY " chat" },
		{ OFFERING(
			  "Sec-WebSocket-Protocol: x\r\nSec-WebSocket-Protocol: chat\r\n"),
		  "ok " KEY " chat" },
		{ OFFERING("Sec-WebSocket-Protocol: Chat, chat2, cha\r\n"), "ok " KEY },
	};

	check_all(cases, COUNT(cases));
	check(GOOD "Sec-WebSocket-Protocol: chat\r\n", NULL, "ok " KEY);
}

TEST(the_offered_subprotocols_are_different_tokens)
{
	static const char no_list[] = "400 Sec-WebSocket-Protocol is no list of tokens";
	static const struct handshake_case cases[] = {
		{ OFFERING("Sec-WebSocket-Protocol: chat, a b\r\n"), no_list },
		{ OFFERING("Sec-WebSocket-Protocol: chat; q=1\r\n"), no_list },
		{ OFFERING("Sec-WebSocket-Protocol: \"chat\"\r\n"), no_list },
		{ OFFERING("Sec-WebSocket-Protocol: ch\xc3\xa4t\r\n"), no_list },
		{ OFFERING("Sec-WebSocket-Protocol:\r\n"),
		  "400 Sec-WebSocket-Protocol is empty" },
		{ OFFERING("Sec-WebSocket-Protocol: , ,\r\n"),
		  "400 Sec-WebSocket-Protocol is empty" },
		{ OFFERING(
			  "Sec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Protocol: a\r\n"),
		  "400 Sec-WebSocket-Protocol names a subprotocol twice" },
	};

	check_all(cases, COUNT(cases));
}

TEST(at_most_64_subprotocols_are_offered)
{
	char head[1024];
	int n = snprintf(head, sizeof(head), "%s", GOOD "Sec-WebSocket-Protocol: chat");

	for (int i = 1; i < HANDSHAKE_MAX_OFFERS; i++)
		n += snprintf(head + n, sizeof(head) - (size_t)n, ",%d", i);
	snprintf(head + n, sizeof(head) - (size_t)n, "\r\n");
	check(head, server_list, "ok " KEY " chat");
	snprintf(head + n, sizeof(head) - (size_t)n, ",64\r\n");
	check(head, server_list,
	      "400 Sec-WebSocket-Protocol names too many subprotocols");
}

#define EXTENSIONS(value) OFFERING("Sec-WebSocket-Extensions: " value "\r\n")

TEST(extensions_are_checked_and_none_is_agreed)
{
	static const char bad[] = "400 Sec-WebSocket-Extensions is no list of extensions";
	static const struct handshake_case cases[] = {
		{ EXTENSIONS("permessage-deflate; client_max_window_bits"), "ok " KEY },
		{ EXTENSIONS("a;b=1 ; c = \"d\" , e,,f"), "ok " KEY },
		{ EXTENSIONS("a; b=\"c\\d\""), "ok " KEY },
		{ EXTENSIONS("") "Sec-WebSocket-Extensions: a\r\n", "ok " KEY },
		{ EXTENSIONS(""), bad },
		{ EXTENSIONS(","), bad },
		{ EXTENSIONS("a b"), bad },
		{ EXTENSIONS("a=b"), bad },
		{ EXTENSIONS(";a"), bad },
		{ EXTENSIONS("a;"), bad },
		{ EXTENSIONS("a;;b"), bad },
		{ EXTENSIONS("a; b="), bad },
		{ EXTENSIONS("a; =b"), bad },
		{ EXTENSIONS("a; b=c=d"), bad },
		{ EXTENSIONS("a; b=\""), bad },
		{ EXTENSIONS("a; b=\"\""), bad },
		{ EXTENSIONS("a; b=\"c d\""), bad },
		{ EXTENSIONS("a; b=\"c,d\""), bad },
		{ EXTENSIONS("a; b=\"c\\\""), bad },
		{ EXTENSIONS("a; b=\"c\\\"d\""), bad },
		{ EXTENSIONS("ok, a; b=\"c\"d"), bad },
	};

	check_all(cases, COUNT(cases));
}

TEST(the_answer_to_the_key_of_the_rfc_is_that_of_the_rfc)
{
	char got[HANDSHAKE_ACCEPT_SIZE + 1];

	handshake_accept(SPAN(KEY), got); /* RFC 6455 1.3 */
	assert_string_equal(got, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

#define AGREED                                 \
	"HTTP/1.1 101 Switching Protocols\r\n" \
	"Upgrade: websocket\r\n"               \
	"Connection: Upgrade\r\n"              \
	"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"

static void expect_answer(const struct handshake *hs, const char *want)
{
	char got[512];

	assert_int_equal(handshake_answer(hs, got, sizeof(got)), strlen(want));
	assert_string_equal(got, want);
}

TEST(the_answer_agrees_to_a_subprotocol_only_if_one_is_chosen)
{
	struct handshake hs = { .key = SPAN(KEY) };

	expect_answer(&hs, AGREED "\r\n");
	hs.subprotocol = SPAN("chat");
	expect_answer(&hs, AGREED "Sec-WebSocket-Protocol: chat\r\n\r\n");
}

TEST(the_answer_is_written_whole_or_not_at_all)
{
	struct handshake hs = { .key = SPAN(KEY), .subprotocol = SPAN("chat") };
	char whole[512];
	size_t n = handshake_answer(&hs, whole, sizeof(whole));

	for (size_t cap = 0; cap <= n + 1; cap++) {
		char *out = malloc(cap + (cap == 0));

		assert_non_null(out);
		assert_int_equal(handshake_answer(&hs, out, cap), cap > n ? n : 0);
		free(out);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			upgrade_and_connection_are_tokens_in_any_case_and_position),
		cmocka_unit_test(
			a_request_that_does_not_ask_for_websocket_is_an_ordinary_one),
		cmocka_unit_test(connection_must_name_upgrade),
		cmocka_unit_test(only_get_of_http_1_1_can_upgrade),
		cmocka_unit_test(the_version_is_13_and_said_once),
		cmocka_unit_test(the_key_is_the_canonical_base64_of_16_bytes),
		cmocka_unit_test(there_is_at_most_one_origin),
		cmocka_unit_test(the_subprotocol_is_the_servers_first_that_is_offered),
		cmocka_unit_test(the_offered_subprotocols_are_different_tokens),
		cmocka_unit_test(at_most_64_subprotocols_are_offered),
		cmocka_unit_test(extensions_are_checked_and_none_is_agreed),
		cmocka_unit_test(the_answer_to_the_key_of_the_rfc_is_that_of_the_rfc),
		cmocka_unit_test(
			the_answer_agrees_to_a_subprotocol_only_if_one_is_chosen),
		cmocka_unit_test(the_answer_is_written_whole_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
