/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes ws.c: bytes mean the same events however they are cut, told whole or in pieces;
 * and what is sent is what was meant.
 *
 * Input: one byte of max_message (0: none, else times 16), two that the cuts are derived
 * from, then what the client sends, or the server.
 */
#include <stdlib.h>
#include <string.h>

#include "ws.h"

#define MUST(holds) ((holds) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One life of a connection; what it told, in bytes that can be compared. */
struct life {
	struct ws ws;
	struct buf told;
	struct buf message; /* pieces of the one under way */
	bool open, ended;
	size_t fed;
};

static void append(struct buf *b, const void *p, size_t n)
{
	MUST(buf_append(b, p, n, SIZE_MAX) == 0);
}

static void tell(struct life *l, const struct ws_event *e, const char *p, size_t n)
{
	uint32_t head[4] = { e->type, e->type == WS_DATA ? e->opcode : 0, e->code,
			     (uint32_t)n };

	append(&l->told, head, sizeof(head));
	append(&l->told, p, n);
}

static void on_data(struct life *l, const struct ws_event *e)
{
	MUST(e->opcode == OP_TEXT || e->opcode == OP_BINARY);
	MUST(e->first == !l->open);
	MUST(e->n > 0 || e->first || e->last);
	MUST(!l->ws.conf->whole || (e->first && e->last));
	append(&l->message, e->p, e->n);
	MUST(!l->ws.conf->max_message || buf_len(&l->message) <= l->ws.conf->max_message);
	l->open = !e->last;
	if (l->open)
		return;
	tell(l, e, buf_head(&l->message), buf_len(&l->message));
	buf_free(&l->message);
}

static void on_event(struct life *l, const struct ws_event *e)
{
	MUST(!l->ended);
	if (e->type == WS_DATA) {
		on_data(l, e);
		return;
	}
	l->ended = e->type == WS_CLOSE || e->type == WS_FAIL;
	MUST(e->type != WS_FAIL || (e->n == 0 && strlen(e->reason) <= 123));
	MUST(e->n <= FRAME_CONTROL_MAX);
	tell(l, e, e->p, e->n);
}

static void feed(struct life *l, const uint8_t *data, size_t n)
{
	char *chunk = malloc(n), *p = chunk;
	struct ws_event e;

	MUST(chunk);
	memcpy(chunk, data, n);
	l->fed += n;
	do {
		ws_next(&l->ws, &p, chunk + n, &e);
		MUST(buf_cap(&l->ws.message) <= l->fed + l->fed / 10 + 4096);
		if (e.type != WS_MORE)
			on_event(l, &e);
	} while (e.type != WS_MORE);
	MUST(p == chunk + n);
	MUST(!l->ended || !l->ws.message.store);
	free(chunk);
}

/* The size of the next chunk: SEED 0 is all that is left, else 1 to 16 bytes, or up to
 * 256 at times. */
static size_t next_chunk(uint32_t *seed, size_t left)
{
	size_t n;

	if (*seed == 0)
		return left;
	*seed = *seed * 1664525 + 1013904223;
	n = 1 + (*seed >> 24) % (*seed & 0x700000 ? 16 : 256);
	return n < left ? n : left;
}

static void live(struct life *l, const struct ws_conf *conf, uint32_t seed,
		 const uint8_t *data, size_t n)
{
	*l = (struct life){ 0 };
	ws_init(&l->ws, conf);
	while (n > 0) {
		size_t chunk = next_chunk(&seed, n);

		feed(l, data, chunk);
		data += chunk;
		n -= chunk;
	}
	ws_free(&l->ws);
	buf_free(&l->message);
}

/* The header of a frame of N bytes is decoded to the same. */
static void send_frame(enum opcode opcode, bool fin, uint64_t n)
{
	static const uint8_t key[4] = { 1, 2, 3, 4 };
	char out[FRAME_HEADER_MAX] = { 0 };
	struct frame_header h;
	size_t size = frame_encode(out, opcode, fin, n);

	MUST(size <= FRAME_SERVER_HEADER_MAX && frame_header_size(out) == size);
	MUST(frame_decode(out, &h));
	MUST(h.opcode == opcode && h.fin == fin && h.length == n && !h.masked);
	MUST(frame_encode_masked(out, opcode, fin, n, key) == size + 4);
	MUST(frame_decode(out, &h) && h.masked && memcmp(h.key, key, 4) == 0);
	MUST(h.opcode == opcode && h.fin == fin && h.length == n && h.size == size + 4);
}

/* A close frame with any code and reason is one that may be sent. */
static void send_close(const uint8_t *data, size_t size)
{
	char out[2 + FRAME_CONTROL_MAX], reason[256] = { 0 };
	unsigned code = size < 2 ? CLOSE_NO_STATUS : data[0] * 256U + data[1];
	struct utf8 utf8 = { 0 };
	size_t n;

	memcpy(reason, data, size < sizeof(reason) ? size : sizeof(reason) - 1);
	n = ws_close(out, code, reason) - 2;
	MUST(n <= FRAME_CONTROL_MAX && (unsigned char)out[1] == n);
	MUST(n == 0 || n >= 2);
	if (n > 0)
		MUST(utf8_check(&utf8, out + 4, n - 2) == n - 2 && utf8_complete(&utf8));
}

/* The N bytes at DATA mean the same however they come. */
static void live_alike(const struct ws_conf *conf, uint32_t seed, const uint8_t *data,
		       size_t n)
{
	struct life first = { 0 };

	for (int i = 0; i < 4; i++) {
		struct ws_conf c = *conf;
		struct life l;

		c.whole = i & 1;
		live(&l, &c, i & 2 ? seed : 0, data, n);
		if (i == 0) {
			first = l;
			continue;
		}
		MUST(buf_len(&l.told) == buf_len(&first.told));
		MUST(buf_len(&l.told) == 0 ||
		     memcmp(buf_head(&l.told), buf_head(&first.told), buf_len(&l.told)) ==
			     0);
		buf_free(&l.told);
	}
	buf_free(&first.told);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ws_conf conf = { 0 };
	uint32_t seed;

	if (size < 3)
		return 0;
	conf.max_message = data[0] * 16U;
	seed = 1 + data[1] + 256U * data[2];
	live_alike(&conf, seed, data + 3, size - 3);
	conf.from_server = true;
	live_alike(&conf, seed, data + 3, size - 3);
	send_close(data, size);
	send_frame(OP_BINARY, data[0] & 1, seed * (uint64_t)data[0] * data[1]);
	return 0;
}
