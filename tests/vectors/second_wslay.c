/* SPDX-License-Identifier: MIT */
/*
 * Runs frame vectors through libwslay, as a second opinion on them, and prints TAP.
 *
 * Compared are messages, pings and pongs in their order, and how it ends: the peer's
 * close frame with its code and reason, or the failure with the code that libwslay
 * answers, if it answers one.  Not compared is when a failure shows (`here`).  A vector
 * that says `second` must still disagree.
 *
 * usage: second_wslay FILE...
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

#include "frame_vector.h"

/* libwslay allocates what a header announces, and can live without; AddressSanitizer
 * would not. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

struct second {
	const char *bytes;
	size_t n;
	struct told told;
	unsigned char
		sent[256]; /* what libwslay answers last begins with: its close frame */
	size_t sent_n;
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

/* Each frame is sent by one call: the last one stays. */
static ssize_t on_send(wslay_event_context_ptr ctx, const uint8_t *p, size_t n, int flags,
		       void *data)
{
	struct second *s = data;

	(void)ctx;
	if (!(flags & WSLAY_MSG_MORE) && s->sent_n == 2 &&
	    (s->sent[0] & 0xF) == OP_CLOSE) {
		memcpy(s->sent + 2, p,
		       n < 200 ? n : 200); /* the payload, after its header */
		s->sent_n += n;
	} else {
		memcpy(s->sent, p, n < 200 ? n : 200);
		s->sent_n = n;
	}
	return (ssize_t)n;
}

static void on_message(wslay_event_context_ptr ctx,
		       const struct wslay_event_on_msg_recv_arg *arg, void *data)
{
	static const enum ws_event_type types[16] = {
		[OP_TEXT] = WS_DATA, [OP_BINARY] = WS_DATA, [OP_PING] = WS_PING,
		[OP_PONG] = WS_PONG, [OP_CLOSE] = WS_CLOSE,
	};
	struct second *s = data;
	enum ws_event_type type = types[arg->opcode & 0xF];
	const char *p = (const char *)arg->msg;
	size_t n = arg->msg_length;
	unsigned code = 0;

	(void)ctx;
	if (type == WS_CLOSE) {
		code = arg->status_code ? arg->status_code : CLOSE_NO_STATUS;
		p = n < 2 ? NULL : p + 2;
		n = n < 2 ? 0 : n - 2;
	}
	told_add(&s->told, type, arg->opcode, code, p, n);
}

/* The code that V wants the connection to fail with, 0: it does not want that. */
static unsigned wanted_code(const struct frame_vector *v)
{
	return v->want.n > 0 ? v->want.events[v->want.n - 1].code : 0;
}

/* It stopped reading and there was no close frame: a failure, with the code of its own
 * close frame. To a broken header it answers without a code: then the one that is wanted
 * stands. */
static void note_failure(const struct frame_vector *v, struct second *s,
			 wslay_event_context_ptr ctx, int result)
{
	unsigned code = wanted_code(v);

	if (result == 0 &&
	    (wslay_event_get_read_enabled(ctx) || wslay_event_get_close_received(ctx)))
		return;
	wslay_event_send(ctx);
	if (s->sent_n >= 4 && (s->sent[0] & 0xF) == OP_CLOSE)
		code = (unsigned)s->sent[2] << 8 | s->sent[3];
	told_add(&s->told, WS_FAIL, OP_CLOSE, code, NULL, 0);
}

static void ask(const struct frame_vector *v, struct second *s)
{
	struct wslay_event_callbacks callbacks = {
		.recv_callback = on_recv,
		.send_callback = on_send,
		.on_msg_recv_callback = on_message,
	};
	wslay_event_context_ptr ctx;
	int result;

	*s = (struct second){ .bytes = v->bytes.data, .n = buf_len(&v->bytes) };
	if (wslay_event_context_server_init(&ctx, &callbacks, s) != 0)
		abort();
	wslay_event_config_set_max_recv_msg_length(ctx, v->limit ? v->limit : INT64_MAX);
	result = wslay_event_recv(ctx);
	note_failure(v, s, ctx, result);
	wslay_event_context_free(ctx);
}

static bool passes(const struct frame_vector *v)
{
	struct second s;
	bool agrees, good;

	ask(v, &s);
	agrees = told_equal(&v->want, &s.told);
	good = agrees == !v->second;
	if (!good) {
		printf("# %s:%u: %s\n", v->file, v->line,
		       agrees ? "libwslay agrees now: 'second' is out of date"
			      : "libwslay disagrees");
		told_print(&v->want, "wanted");
		told_print(&s.told, "libwslay");
	}
	told_free(&s.told);
	return good;
}

int main(int argc, char **argv)
{
	struct frame_vectors all = { 0 };
	size_t failed = 0;

	for (int i = 1; i < argc; i++)
		frame_vectors_read(&all, argv[i]);
	printf("1..%zu\n", all.n);
	for (size_t i = 0; i < all.n; i++) {
		bool good = passes(&all.v[i]);

		printf("%s %zu - libwslay on %s\n", good ? "ok" : "not ok", i + 1,
		       all.v[i].name);
		failed += !good;
	}
	frame_vectors_free(&all);
	return failed > 0 || argc < 2;
}
