/* SPDX-License-Identifier: MIT */
/*
 * wslay_reader.h - libwslay as another reader of the bytes that ws.c reads, in whose
 * events it tells what they mean.
 *
 * Its messages are whole.  It fails with the code of the close frame that it answers, or
 * 0: to a broken header it answers without one.
 */
#ifndef VECTORS_WSLAY_READER_H
#define VECTORS_WSLAY_READER_H

#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

#include "ws.h"

struct wslay_reader {
	wslay_event_context_ptr ctx;
	const char *bytes; /* of the piece under way */
	size_t n;
	bool ended;        /* by a close frame, or it has failed */
	size_t close_size; /* payload of the close frame */
	void (*tell)(void *data, const struct ws_event *e);
	void *data;
};

static ssize_t wslay_reader_recv(wslay_event_context_ptr ctx, uint8_t *buf, size_t len,
				 int flags, void *data)
{
	struct wslay_reader *r = data;

	(void)flags;
	if (r->n == 0) {
		wslay_event_set_error(ctx, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	if (len > r->n)
		len = r->n;
	memcpy(buf, r->bytes, len);
	r->bytes += len;
	r->n -= len;
	return (ssize_t)len;
}

static ssize_t wslay_reader_send(wslay_event_context_ptr ctx, const uint8_t *p, size_t n,
				 int flags, void *data)
{
	(void)ctx;
	(void)p;
	(void)flags;
	(void)data;
	return (ssize_t)n;
}

static int wslay_reader_mask(wslay_event_context_ptr ctx, uint8_t *key, size_t n,
			     void *data)
{
	(void)ctx;
	(void)data;
	memset(key, 0, n);
	return 0;
}

static void wslay_reader_message(wslay_event_context_ptr ctx,
				 const struct wslay_event_on_msg_recv_arg *arg,
				 void *data)
{
	static const enum ws_event_type types[16] = {
		[OP_TEXT] = WS_DATA, [OP_BINARY] = WS_DATA, [OP_PING] = WS_PING,
		[OP_PONG] = WS_PONG, [OP_CLOSE] = WS_CLOSE,
	};
	struct wslay_reader *r = data;
	struct ws_event e = {
		.type = types[arg->opcode & 0xF],
		.opcode = arg->opcode,
		.first = true,
		.last = true,
		.p = (char *)arg->msg,
		.n = arg->msg_length,
	};

	(void)ctx;
	if (e.type == WS_CLOSE) {
		r->ended = true;
		r->close_size = e.n;
		e.code = arg->status_code ? arg->status_code : CLOSE_NO_STATUS;
		e.p = e.n < 2 ? NULL : e.p + 2;
		e.n = e.n < 2 ? 0 : e.n - 2;
	}
	r->tell(r->data, &e);
}

/* Ready for the first byte after the handshake; no message is longer than MOST. */
static void wslay_reader_init(struct wslay_reader *r, bool from_server, uint64_t most,
			      void (*tell)(void *data, const struct ws_event *e),
			      void *data)
{
	struct wslay_event_callbacks callbacks = {
		.recv_callback = wslay_reader_recv,
		.send_callback = wslay_reader_send,
		.genmask_callback = wslay_reader_mask,
		.on_msg_recv_callback = wslay_reader_message,
	};

	*r = (struct wslay_reader){ .tell = tell, .data = data };
	if ((from_server ? wslay_event_context_client_init
			 : wslay_event_context_server_init)(&r->ctx, &callbacks, r) != 0)
		abort();
	wslay_event_config_set_max_recv_msg_length(r->ctx, most);
}

static void wslay_reader_fail(struct wslay_reader *r)
{
	struct ws_event e = { .type = WS_FAIL, .opcode = OP_CLOSE };

	r->ended = true;
	wslay_event_send(r->ctx);
	e.code = wslay_event_get_status_code_sent(r->ctx);
	if (e.code == CLOSE_ABNORMAL || e.code == CLOSE_NO_STATUS)
		e.code = 0;
	r->tell(r->data, &e);
}

/* N bytes at P have come; behind its end nothing means anything. */
static void wslay_reader_feed(struct wslay_reader *r, const void *p, size_t n)
{
	int result;

	if (r->ended)
		return;
	r->bytes = p;
	r->n = n;
	result = wslay_event_recv(r->ctx);
	if (!r->ended && (result != 0 || !wslay_event_get_read_enabled(r->ctx)))
		wslay_reader_fail(r);
}

static void wslay_reader_free(struct wslay_reader *r)
{
	wslay_event_context_free(r->ctx);
}

#endif
