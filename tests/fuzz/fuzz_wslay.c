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
#include <wslay/wslay.h>

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
	size_t end_size;        /* theirs: payload of the close frame */
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

/* ---- ours ---- */

static void on_event(struct opinion *o, const struct ws_event *e)
{
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

/* ---- theirs ---- */

struct second {
	const uint8_t *bytes; /* of the piece under way */
	size_t n;
	struct opinion *o;
};

static ssize_t on_recv(wslay_event_context_ptr ctx, uint8_t *buf, size_t len, int flags,
		       void *data)
{
	struct second *s = data;

	(void)flags;
	if (s->n == 0) {
		wslay_event_set_error(ctx, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	if (len > s->n)
		len = s->n;
	memcpy(buf, s->bytes, len);
	s->bytes += len;
	s->n -= len;
	return (ssize_t)len;
}

static ssize_t on_send(wslay_event_context_ptr ctx, const uint8_t *p, size_t n, int flags,
		       void *data)
{
	(void)ctx;
	(void)p;
	(void)flags;
	(void)data;
	return (ssize_t)n;
}

static int on_mask(wslay_event_context_ptr ctx, uint8_t *key, size_t n, void *data)
{
	(void)ctx;
	(void)data;
	memset(key, 0, n);
	return 0;
}

static void on_message(wslay_event_context_ptr ctx,
		       const struct wslay_event_on_msg_recv_arg *arg, void *data)
{
	struct second *s = data;
	unsigned code = arg->status_code ? arg->status_code : CLOSE_NO_STATUS;

	(void)ctx;
	if (arg->opcode != WSLAY_CONNECTION_CLOSE) {
		tell(s->o, arg->opcode, arg->msg, arg->msg_length);
		return;
	}
	s->o->end_size = arg->msg_length;
	if (arg->msg_length < 2)
		tell_close(s->o, code, NULL, 0);
	else
		tell_close(s->o, code, arg->msg + 2, arg->msg_length - 2);
}

static wslay_event_context_ptr second_new(const struct ws_conf *conf, struct second *s)
{
	struct wslay_event_callbacks callbacks = {
		.recv_callback = on_recv,
		.send_callback = on_send,
		.genmask_callback = on_mask,
		.on_msg_recv_callback = on_message,
	};
	wslay_event_context_ptr ctx;

	if (conf->from_server)
		MUST(wslay_event_context_client_init(&ctx, &callbacks, s) == 0);
	else
		MUST(wslay_event_context_server_init(&ctx, &callbacks, s) == 0);
	wslay_event_config_set_max_recv_msg_length(ctx, conf->max_message);
	return ctx;
}

/* It does not read any more, and there was no close frame: it has failed, with the code
 * of the close frame that it answers, if that has one. */
static void second_feed(wslay_event_context_ptr ctx, struct second *s,
			const uint8_t *data, size_t n)
{
	int result;

	if (s->o->end != WS_MORE)
		return;
	s->bytes = data;
	s->n = n;
	result = wslay_event_recv(ctx);
	if (s->o->end != WS_MORE || (result == 0 && wslay_event_get_read_enabled(ctx)))
		return;
	s->o->end = WS_FAIL;
	wslay_event_send(ctx);
	s->o->code = wslay_event_get_status_code_sent(ctx);
	if (s->o->code == CLOSE_ABNORMAL || s->o->code == CLOSE_NO_STATUS)
		s->o->code = 0;
}

/* ---- both ---- */

static bool is(const char *why, const char *reason)
{
	return why && strcmp(why, reason) == 0;
}

/* Is it known that they end in different ways? */
static bool known_difference(const struct opinion *us, const struct opinion *them,
			     bool cut)
{
	/* RFC 6455 5.5.1: a body begins with a code of two bytes; libwslay takes one byte
	 * for an empty body. */
	if (is(us->why, "close frame of one byte"))
		return them->end == WS_CLOSE && them->end_size == 1;
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
	 * a close frame comes in, not only at those of the code. */
	if (cut && (us->end == WS_CLOSE || is(us->why, "close reason is not UTF-8")))
		return them->end == WS_CLOSE ||
		       (them->end == WS_FAIL && (them->code == CLOSE_INVALID_DATA));
	return false;
}

static void compare(const struct opinion *us, const struct opinion *them, bool cut)
{
	size_t n = buf_len(&us->told);

	MUST(buf_len(&them->told) == n);
	MUST(n == 0 || memcmp(buf_head(&us->told), buf_head(&them->told), n) == 0);
	if (known_difference(us, them, cut))
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
	struct second second = { .o = &them };
	wslay_event_context_ptr ctx;
	struct ws ws;
	uint32_t seed;

	if (size < 3)
		return 0;
	/* libwslay's limit is for control frames, too. */
	conf.max_message = FRAME_CONTROL_MAX + data[0] * 16U;
	conf.from_server = data[1] & 1;
	seed = (data[1] & 0xFEU) + 256U * data[2];
	ws_init(&ws, &conf);
	ctx = second_new(&conf, &second);
	for (size_t at = 3, n; at < size; at += n) {
		n = next_piece(&seed, size - at);
		feed(&ws, data + at, n, &us);
		second_feed(ctx, &second, data + at, n);
	}
	us.in_close = ws.state == WS_ST_CONTROL && ws.frame.opcode == OP_CLOSE;
	if (us.end == WS_FAIL)
		second_feed(ctx, &second, rest, sizeof(rest));
	compare(&us, &them, seed != 0);
	wslay_event_context_free(ctx);
	ws_free(&ws);
	opinion_free(&us);
	opinion_free(&them);
	return 0;
}
