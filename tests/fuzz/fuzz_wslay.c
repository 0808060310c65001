/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes ws.c against libwslay: the same bytes in the same pieces are the same messages
 * and control frames, and end in the same way.
 *
 * Where both may differ, known_difference() names the section of the RFC.  Not compared
 * is when a failure shows: libwslay looks at a header once it is whole.
 *
 * Input: one byte of max_message (times 16), two that the cuts are derived from (0: one
 * piece; bit 0 of the first: the bytes are a server's), then what comes.
 */
#include <stdlib.h>
#include <string.h>

#include "../vectors/wslay_reader.h"
#include "ws.h"

#define MUST(holds) ((holds) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a side made of the bytes: messages, pings and pongs as bytes that can be compared,
 * and its end. */
struct opinion {
	struct buf told;
	enum ws_event_type end; /* WS_CLOSE, WS_FAIL; WS_MORE: none yet */
	unsigned code;          /* 0: it failed and said none */
	struct buf reason;      /* of the peer's close frame */
	const char *why;        /* ours: of WS_FAIL */
	bool in_close;          /* ours: half a close frame has come */
};

static void append(struct buf *b, const void *p, size_t n)
{
	MUST(buf_append(b, p, n, SIZE_MAX) == 0);
}

static void tell(struct opinion *o, unsigned opcode, const void *p, size_t n)
{
	uint32_t head[2] = { opcode, (uint32_t)n };

	append(&o->told, head, sizeof(head));
	append(&o->told, p, n);
}

static void tell_close(struct opinion *o, unsigned code, const void *p, size_t n)
{
	MUST(o->end == WS_MORE);
	o->end = WS_CLOSE;
	o->code = code;
	append(&o->reason, p, n);
}

static void opinion_free(struct opinion *o)
{
	buf_free(&o->told);
	buf_free(&o->reason);
}

static void on_event(void *data, const struct ws_event *e)
{
	struct opinion *o = data;

	switch (e->type) {
	case WS_DATA:
		MUST(e->first && e->last);
		tell(o, e->opcode, e->p, e->n);
		break;
	case WS_PING:
	case WS_PONG:
		tell(o, e->type == WS_PING ? OP_PING : OP_PONG, e->p, e->n);
		break;
	case WS_CLOSE:
		tell_close(o, e->code, e->p, e->n);
		break;
	case WS_FAIL:
		o->end = WS_FAIL;
		o->code = e->code;
		o->why = e->reason;
		break;
	case WS_MORE:
		break;
	}
}

static void feed(struct ws *w, const uint8_t *data, size_t n, struct opinion *o)
{
	char *chunk = malloc(n), *p = chunk;
	struct ws_event e;

	MUST(chunk);
	memcpy(chunk, data, n);
	do {
		ws_next(w, &p, chunk + n, &e);
		on_event(o, &e);
	} while (e.type != WS_MORE);
	free(chunk);
}

static bool is(const char *why, const char *reason)
{
	return why && strcmp(why, reason) == 0;
}

/* Is it known that they end in different ways? */
static bool known_difference(const struct opinion *us, const struct opinion *them,
			     size_t close_size, bool cut)
{
	/* RFC 6455 5.5.1: a body begins with a code of two bytes; libwslay takes one byte
	 * for an empty body. */
	if (is(us->why, "close frame of one byte"))
		return them->end == WS_CLOSE && close_size == 1;
	/* RFC 6455 7.4.2, 11.7: IANA has registered them since; libwslay knows up to
	 * 1011. */
	if (us->end == WS_CLOSE && us->code >= 1012 && us->code <= 1014)
		return them->end == WS_FAIL &&
		       (them->code == CLOSE_PROTOCOL_ERROR ||
			(cut && them->code == CLOSE_INVALID_DATA));
	/* RFC 6455 5.5.1, 8.1 leave the order open: libwslay looks at the reason first.
	 */
	if (is(us->why, "invalid close code"))
		return them->end == WS_FAIL && them->code == CLOSE_INVALID_DATA;
	/* The same of half a frame, which is looked at once it is whole. */
	if (us->end == WS_MORE && us->in_close)
		return them->end == WS_FAIL && them->code == CLOSE_INVALID_DATA;
	/* RFC 6455 8.1: libwslay does not look at the first two bytes of each piece that
	 * a close frame comes in, not only at those of the code; then it may be the code
	 * that it does not know. */
	if (cut && us->end == WS_CLOSE)
		return them->end == WS_CLOSE ||
		       (them->end == WS_FAIL && them->code == CLOSE_INVALID_DATA);
	if (cut && is(us->why, "close reason is not UTF-8"))
		return them->end == WS_CLOSE ||
		       (them->end == WS_FAIL && (them->code == CLOSE_INVALID_DATA ||
						 them->code == CLOSE_PROTOCOL_ERROR));
	return false;
}

static void compare(const struct opinion *us, const struct opinion *them,
		    size_t close_size, bool cut)
{
	size_t n = buf_len(&us->told);

	MUST(buf_len(&them->told) == n);
	MUST(n == 0 || memcmp(buf_head(&us->told), buf_head(&them->told), n) == 0);
	if (known_difference(us, them, close_size, cut))
		return;
	MUST(us->end == them->end);
	/* To a broken header libwslay answers without a code. */
	MUST(us->code == them->code ||
	     (us->end == WS_FAIL && them->code == 0 && us->code == CLOSE_PROTOCOL_ERROR));
	n = buf_len(&us->reason);
	MUST(buf_len(&them->reason) == n);
	MUST(n == 0 || memcmp(buf_head(&us->reason), buf_head(&them->reason), n) == 0);
}

/* The size of the next piece: SEED 0 is all that is left, else 1 to 16 bytes, or up to
 * 256 at times. */
static size_t next_piece(uint32_t *seed, size_t left)
{
	size_t n;

	if (*seed == 0)
		return left;
	*seed = *seed * 1664525 + 1013904223;
	n = 1 + (*seed >> 24) % (*seed & 0x700000 ? 16 : 256);
	return n < left ? n : left;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t rest[FRAME_HEADER_MAX]; /* what a header may lack */
	struct ws_conf conf = { .whole = true };
	struct opinion us = { 0 }, them = { 0 };
	struct wslay_reader second;
	struct ws ws;
	uint32_t seed;

	if (size < 3)
		return 0;
	/* libwslay's limit is for control frames, too. */
	conf.max_message = FRAME_CONTROL_MAX + data[0] * 16U;
	conf.from_server = data[1] & 1;
	seed = (data[1] & 0xFEU) + 256U * data[2];
	ws_init(&ws, &conf);
	wslay_reader_init(&second, conf.from_server, conf.max_message, on_event, &them);
	for (size_t at = 3, n; at < size; at += n) {
		n = next_piece(&seed, size - at);
		feed(&ws, data + at, n, &us);
		wslay_reader_feed(&second, data + at, n);
	}
	us.in_close = ws.state == WS_ST_CONTROL && ws.frame.opcode == OP_CLOSE;
	if (us.end == WS_FAIL)
		wslay_reader_feed(&second, rest, sizeof(rest));
	compare(&us, &them, second.close_size, seed != 0);
	wslay_reader_free(&second);
	ws_free(&ws);
	opinion_free(&us);
	opinion_free(&them);
	return 0;
}
