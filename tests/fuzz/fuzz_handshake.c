/* SPDX-License-Identifier: MIT */
/* Fuzzes handshake.c: the fields after an upgrade's usual ones decide, and the answer is
 * ours alone. */
#include <stdio.h>
#include <stdlib.h>

#include "handshake.h"

#define MUST(holds) ((holds) ? (void)0 : abort())
#define LIMIT 8192

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const subprotocols[] = { "chat", "v2.chat", "x", NULL };

static bool field_is(const struct http *h, const char *data, const char *name,
		     struct span want)
{
	struct span value;

	return http_count(h, data, name) == 1 && http_find(h, data, name, &value) &&
	       span_is(value, want);
}

/* The answer holds nothing of the request but a subprotocol, and that is one of ours. */
static void check_answer(const struct handshake *hs)
{
	char out[512];
	size_t n = handshake_answer(hs, out, sizeof(out));
	unsigned lines = 0;

	MUST(n > 0 && n < sizeof(out) && strlen(out) == n);
	MUST(memcmp(out + n - 4, "\r\n\r\n", 4) == 0);
	for (size_t i = 0; i < n; i++)
		lines += out[i] == '\n';
	MUST(lines == (hs->subprotocol.n > 0 ? 6 : 5));
	MUST(handshake_answer(hs, out, n) == 0);
}

static void check_ok(const struct http *h, const char *data, const struct handshake *hs)
{
	bool ours = hs->subprotocol.n == 0;

	MUST(span_is(http_span(data, h->method), SPAN("GET")) && h->minor >= 1);
	MUST(field_is(h, data, "sec-websocket-version", SPAN("13")));
	MUST(field_is(h, data, "sec-websocket-key", hs->key) && hs->key.n == 24);
	MUST(http_count(h, data, "upgrade") > 0 && http_count(h, data, "connection") > 0);
	MUST(http_count(h, data, "origin") <= 1);
	for (size_t i = 0; subprotocols[i]; i++)
		ours |= hs->subprotocol.p == subprotocols[i];
	MUST(ours);
	MUST(hs->subprotocol.n == 0 || http_count(h, data, "sec-websocket-protocol") > 0);
	check_answer(hs);
}

/* A subprotocol of ours is offered or it is not, whatever else the head says. */
static void check_offered(const struct http *h, const char *data)
{
	struct span chat = handshake_offered(h, data, "chat");

	MUST(chat.n == 0 || span_is(chat, SPAN("chat")));
	MUST(chat.n == 0 || http_count(h, data, "sec-websocket-protocol") > 0);
}

/* What handshake_check() says of the head in the N bytes at DATA, if it is one. */
static void check(char *data, size_t n)
{
	const char *reason = NULL;
	struct handshake hs;
	struct http h;
	int status = 0;

	http_init(&h, LIMIT);
	if (http_parse(&h, data, n) != HTTP_DONE)
		return;
	check_offered(&h, data);
	switch (handshake_check(&h, data, subprotocols, &hs, &status, &reason)) {
	case HANDSHAKE_NONE:
		MUST(status == 0 && !reason);
		break;
	case HANDSHAKE_OK:
		check_ok(&h, data, &hs);
		break;
	case HANDSHAKE_BAD:
		MUST(status == 400 || status == 405 || status == 426 || status == 505);
		MUST(reason && *reason);
		break;
	}
}

/* The input as a head of its own, and as the last fields of one that lacks nothing. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char head[] = "GET / HTTP/1.1\r\nHost: h\r\n"
				   "Upgrade: websocket\r\nConnection: Upgrade\r\n"
				   "Sec-WebSocket-Version: 13\r\n"
				   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
	size_t n = sizeof(head) - 1;
	char *copy = malloc(n + size);

	MUST(copy);
	if (size > 0)
		memcpy(copy, data, size);
	check(copy, size);
	memcpy(copy, head, n);
	if (size > 0)
		memcpy(copy + n, data, size);
	check(copy, n + size);
	free(copy);
	return 0;
}
