/* SPDX-License-Identifier: MIT */
/* Fuzzes response.c and handshake_client.c: a head means the same however it is cut, and
 * only the answer to our key opens anything; and what is asked is one request. */
#include <stdint.h>
#include <stdlib.h>

#include "handshake_client.h"

#define MUST(holds) ((holds) ? (void)0 : abort())
#define LIMIT 2048

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const offers[] = { "chat", "v2.chat", NULL };

/* The pieces lie inside the head. */
static void check_head(const struct response *r, const char *data, size_t n)
{
	size_t size = r->head.size;

	MUST(size <= n && size <= LIMIT && memcmp(data + size - 4, "\r\n\r\n", 4) == 0);
	MUST(r->status >= 100 && r->status <= 599);
	MUST(r->phrase.at + r->phrase.n <= size);
	MUST(r->head.nfields <= HTTP_MAX_FIELDS);
	for (unsigned i = 0; i < r->head.nfields; i++) {
		const struct http_field *f = &r->head.fields[i];

		MUST(f->name.n > 0 && f->name.at + f->name.n < f->value.at + 1);
		MUST(f->value.at + f->value.n <= size);
	}
}

static void check_answer(const struct response *r, const char *data)
{
	struct handshake_request q = { .key = "dGhlIHNhbXBsZSBub25jZQ==",
				       .subprotocols = offers };
	struct span chosen = { NULL, 0 }, value;
	const char *wrong = handshake_judge_answer(&q, r, data, &chosen);

	if (wrong)
		return;
	MUST(r->status == 101 && r->head.minor >= 1);
	MUST(http_find(&r->head, data, "sec-websocket-accept", &value) &&
	     span_is(value, SPAN("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")));
	MUST(http_count(&r->head, data, "sec-websocket-extensions") == 0);
	MUST(chosen.n == 0 || span_is(chosen, SPAN("chat")) ||
	     span_is(chosen, SPAN("v2.chat")));
}

/* The N bytes at DATA, whole and byte by byte. */
static void check(const char *data, size_t n)
{
	struct response whole, cut;
	enum http_parse a, b = HTTP_MORE;

	response_init(&whole, LIMIT);
	response_init(&cut, LIMIT);
	a = response_parse(&whole, data, n);
	for (size_t i = 1; i <= n && b == HTTP_MORE; i++)
		b = response_parse(&cut, data, i);
	MUST(a == b || n == 0);
	MUST(a != HTTP_BAD || (whole.head.reason && cut.head.reason));
	if (a != HTTP_DONE)
		return;
	MUST(whole.head.size == cut.head.size && whole.head.nfields == cut.head.nfields);
	check_head(&whole, data, n);
	check_answer(&whole, data);
}

/* A field that may be added leaves the request one request. */
static void ask(const uint8_t *data, size_t size)
{
	char *line = calloc(1, size + 1), *text = NULL;
	const char *const fields[] = { line, NULL };
	struct handshake_request q = { .target = SPAN("/"),
				       .host = SPAN("h"),
				       .key = "dGhlIHNhbXBsZSBub25jZQ==",
				       .origin = "http://o",
				       .authorization = "Basic eA==",
				       .subprotocols = offers,
				       .fields = fields };
	FILE *f;
	size_t n;
	struct http h;

	MUST(line);
	if (size > 0)
		memcpy(line, data, size);
	if (handshake_field_valid(line)) {
		MUST((f = open_memstream(&text, &n)));
		handshake_write_request(&q, f);
		fclose(f);
		http_init(&h, UINT32_MAX);
		MUST(http_parse(&h, text, n) == HTTP_DONE);
		MUST(h.size == n && h.nfields == 10);
	}
	free(text);
	free(line);
}

/* The input as a head of its own, and as the last fields of a good answer. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char head[] =
		"HTTP/1.1 101 x\r\n"
		"Upgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
	size_t n = sizeof(head) - 1;
	char *copy = malloc(n + size);

	MUST(copy);
	memcpy(copy, head, n);
	if (size > 0)
		memcpy(copy + n, data, size);
	check(copy + n, size);
	check(copy, n + size);
	free(copy);
	ask(data, size);
	return 0;
}
