/* SPDX-License-Identifier: MIT */
/* One side of a WebSocket connection as a machine: bytes in, events out. */
#include <stdlib.h>
#include <string.h>

#include "ws.h"

#define KEY_SIZE 4
#define CLOSE_REASON_MAX (FRAME_CONTROL_MAX - 2)

void ws_init(struct ws *w, const struct ws_conf *conf)
{
	*w = (struct ws){
		.conf = conf,
		.state = WS_ST_HEADER,
		.message_opcode = OP_CONTINUATION,
	};
}

void ws_free(struct ws *w)
{
	buf_free(&w->message);
	free(w->held);
	w->held = NULL;
}

static bool in_message(const struct ws *w)
{
	return w->message_opcode != OP_CONTINUATION;
}

/* Nothing more is processed (RFC 6455 5.5.1, 7.1.7). */
static void shut(struct ws *w)
{
	w->state = WS_ST_ENDED;
	buf_free(&w->message);
}

/* Each step says whether to go on: not when the bytes are used up or RET is an event. */
static bool fail(struct ws *w, struct ws_event *ret, unsigned code, const char *reason)
{
	shut(w);
	*ret = (struct ws_event){
		.type = WS_FAIL,
		.code = (uint16_t)code,
		.reason = reason,
	};
	return false;
}

/* ---- headers ---- */

/* The rule of RFC 6455 5.2, 5.4 or 5.5 that a header's FIRST byte breaks, or NULL. */
static const char *first_byte_fault(const struct ws *w, unsigned first)
{
	bool fin = first & 0x80;
	unsigned opcode = first & 0xF;

	if (first & 0x70)
		return "reserved bit set";
	switch (opcode) {
	case OP_CONTINUATION:
		return in_message(w) ? NULL : "continuation without a message";
	case OP_TEXT:
	case OP_BINARY:
		return in_message(w) ? "new message inside a fragmented one" : NULL;
	case OP_CLOSE:
	case OP_PING:
	case OP_PONG:
		return fin ? NULL : "fragmented control frame";
	default:
		return "reserved opcode";
	}
}

static const char *second_byte_fault(const struct ws *w, unsigned opcode, unsigned second)
{
	if (!(second & 0x80) != w->conf->from_server)
		return second & 0x80 ? "frame is masked" : "frame is not masked";
	if (opcode_is_control(opcode) && (second & 0x7F) > FRAME_CONTROL_MAX)
		return "control frame of more than 125 bytes";
	return NULL;
}

/* The message would exceed its limit with the frame that is announced. */
static bool too_big(const struct ws *w)
{
	uint64_t before = in_message(w) ? w->message_size : 0; /* <= max_message */

	return w->conf->max_message && !opcode_is_control(w->frame.opcode) &&
	       w->frame.length > w->conf->max_message - before;
}

/*
 * Check the N bytes of a header that are at H so far, each rule as soon as its bytes are
 * there.  Decode it as soon as it says the length, even where its masking key has not
 * come yet.
 */
static bool check_header(struct ws *w, const char *h, size_t n, struct ws_event *ret)
{
	size_t key = w->conf->from_server ? 0 : KEY_SIZE;
	const char *fault = first_byte_fault(w, (uint8_t)h[0]);

	if (!fault && n >= 2)
		fault = second_byte_fault(w, h[0] & 0xF, (uint8_t)h[1]);
	if (fault)
		return fail(w, ret, CLOSE_PROTOCOL_ERROR, fault);
	if (n < 2 || n < frame_header_size(h) - key)
		return true;
	if (!frame_decode(h, &w->frame))
		return fail(w, ret, CLOSE_PROTOCOL_ERROR,
			    "frame length not in its shortest form");
	if (too_big(w))
		return fail(w, ret, CLOSE_TOO_BIG, "message too big");
	return true;
}

static void begin_message(struct ws *w)
{
	w->message_opcode = w->frame.opcode;
	w->message_size = 0;
	w->fresh = true;
}

/* The header of w->frame is complete. */
static void begin_frame(struct ws *w)
{
	w->left = w->frame.length;
	w->phase = 0;
	w->held_n = 0;
	if (opcode_is_control(w->frame.opcode)) {
		w->state = WS_ST_CONTROL;
		return;
	}
	if (w->frame.opcode != OP_CONTINUATION)
		begin_message(w);
	w->message_size += w->frame.length;
	w->state = WS_ST_PAYLOAD;
}

static bool out_of_memory(struct ws *w, struct ws_event *ret)
{
	return fail(w, ret, CLOSE_SERVER_ERROR, "out of memory");
}

/* Move bytes to w->held until it has WANT, or there are no more.  False: no memory. */
static bool hold(struct ws *w, char **p, char *end, size_t want)
{
	size_t n = (size_t)(end - *p);

	if (w->held_n >= want)
		return true;
	if (n > want - w->held_n)
		n = want - w->held_n;
	if (!w->held)
		w->held = calloc(1, FRAME_CONTROL_MAX);
	if (!w->held)
		return false;
	memcpy(w->held + w->held_n, *p, n);
	w->held_n += (uint8_t)n;
	*p += n;
	return true;
}

/* The header comes in parts. */
static bool hold_header(struct ws *w, char **p, char *end, struct ws_event *ret)
{
	if (!hold(w, p, end, 2) ||
	    (w->held_n >= 2 && !hold(w, p, end, frame_header_size(w->held))))
		return out_of_memory(w, ret);
	if (!check_header(w, w->held, w->held_n, ret))
		return false;
	if (w->held_n < 2 || w->held_n < frame_header_size(w->held))
		return false;
	begin_frame(w);
	return true;
}

static bool take_header(struct ws *w, char **p, char *end, struct ws_event *ret)
{
	size_t n = (size_t)(end - *p);

	if (n == 0)
		return false;
	if (w->held_n > 0 || n < 2 || n < frame_header_size(*p))
		return hold_header(w, p, end, ret);
	if (!check_header(w, *p, n, ret))
		return false;
	*p += w->frame.size;
	begin_frame(w);
	return true;
}

/* ---- messages ---- */

/* Tell a piece of the message, or the whole of it; with LAST the message is over. */
static bool tell(struct ws *w, char *p, size_t n, bool last, struct ws_event *ret)
{
	*ret = (struct ws_event){
		.type = WS_DATA,
		.opcode = w->message_opcode,
		.first = w->fresh,
		.last = last,
		.p = p,
		.n = n,
	};
	w->fresh = false;
	if (last)
		w->message_opcode = OP_CONTINUATION;
	return false;
}

/* conf->whole: keep the piece; one that is the whole message is told where it lies. */
static bool collect(struct ws *w, char *p, size_t n, bool last, struct ws_event *ret)
{
	if (last && buf_len(&w->message) == 0)
		return tell(w, p, n, true, ret);
	if (buf_append(&w->message, p, n, SIZE_MAX) < 0)
		return out_of_memory(w, ret);
	if (!last)
		return true;
	tell(w, buf_head(&w->message), buf_len(&w->message), true, ret);
	ret->storage = &w->message;
	return false;
}

/* The N bytes at P may stand in the message, and be its end if they are the LAST. */
static bool is_valid(struct ws *w, const char *p, size_t n, bool last)
{
	if (w->message_opcode != OP_TEXT)
		return true;
	return utf8_check(&w->utf8, p, n) == n && (!last || utf8_complete(&w->utf8));
}

static bool take_payload(struct ws *w, char **p, char *end, struct ws_event *ret)
{
	char *piece = *p;
	size_t n = (size_t)(end - *p);
	bool last;

	if (n == 0 && w->left > 0)
		return false;
	if (n > w->left)
		n = (size_t)w->left;
	/* A server's frames have no key: it stays what ws_init() made it, and changes
	 * nothing. */
	w->phase = frame_mask(piece, n, w->frame.key, w->phase);
	w->left -= n;
	*p += n;
	last = w->left == 0 && w->frame.fin;
	if (w->left == 0)
		w->state = WS_ST_HEADER;
	if (!is_valid(w, piece, n, last))
		return fail(w, ret, CLOSE_INVALID_DATA, "text is not UTF-8");
	if (w->conf->whole)
		return collect(w, piece, n, last, ret);
	if (n == 0 && !w->fresh && !last)
		return true;
	return tell(w, piece, n, last, ret);
}

/* ---- control frames ---- */

/* RFC 6455 5.5.1, 7.1.5 */
static bool tell_close(struct ws *w, char *p, size_t n, struct ws_event *ret)
{
	unsigned code = CLOSE_NO_STATUS;

	if (n == 1)
		return fail(w, ret, CLOSE_PROTOCOL_ERROR, "close frame of one byte");
	if (n >= 2) {
		code = (unsigned)(uint8_t)p[0] << 8 | (uint8_t)p[1];
		if (!ws_close_code_valid(code))
			return fail(w, ret, CLOSE_PROTOCOL_ERROR, "invalid close code");
		p += 2;
		n -= 2;
	}
	if (!utf8_is_valid(p, n))
		return fail(w, ret, CLOSE_INVALID_DATA, "close reason is not UTF-8");
	shut(w);
	*ret = (struct ws_event){
		.type = WS_CLOSE,
		.code = (uint16_t)code,
		.p = p,
		.n = n,
	};
	return false;
}

static bool tell_control(struct ws *w, char *p, struct ws_event *ret)
{
	size_t n = (size_t)w->frame.length;

	frame_mask(p, n, w->frame.key, 0);
	w->held_n = 0;
	w->state = WS_ST_HEADER;
	if (w->frame.opcode == OP_CLOSE)
		return tell_close(w, p, n, ret);
	ret->type = w->frame.opcode == OP_PING ? WS_PING : WS_PONG;
	ret->p = p;
	ret->n = n;
	return false;
}

static bool take_control(struct ws *w, char **p, char *end, struct ws_event *ret)
{
	char *payload = *p;

	if (w->held_n == 0 && (size_t)(end - *p) >= w->left) {
		*p += w->left;
		return tell_control(w, payload, ret);
	}
	if (!hold(w, p, end, (size_t)w->left))
		return out_of_memory(w, ret);
	if (w->held_n < w->left)
		return false;
	return tell_control(w, w->held, ret);
}

static bool take_nothing(struct ws *w, char **p, char *end, struct ws_event *ret)
{
	(void)w;
	(void)ret;
	*p = end;
	return false;
}

static bool (*const steps[])(struct ws *w, char **p, char *end, struct ws_event *ret) = {
	[WS_ST_HEADER] = take_header,
	[WS_ST_PAYLOAD] = take_payload,
	[WS_ST_CONTROL] = take_control,
	[WS_ST_ENDED] = take_nothing,
};

void ws_next(struct ws *w, char **p, char *end, struct ws_event *ret)
{
	*ret = (struct ws_event){ .type = WS_MORE };
	if (!in_message(w))
		buf_free(&w->message); /* told by the call before, and not taken */
	while (steps[w->state](w, p, end, ret))
		;
}

/* ---- what a server sends ---- */

bool ws_close_code_valid(unsigned code)
{
	switch (code) {
	case 1000 ... 1003:
	case 1007 ... 1014: /* 1012 to 1014: IANA's registry, RFC 6455 11.7 */
	case 3000 ... 4999:
		return true;
	default:
		return false;
	}
}

size_t ws_control(char *out, enum opcode opcode, const void *p, size_t n)
{
	size_t size = frame_encode(out, opcode, true, n);

	if (n > 0)
		memcpy(out + size, p, n);
	return size + n;
}

size_t ws_close(char *out, unsigned code, const char *reason)
{
	char payload[FRAME_CONTROL_MAX] = { (char)(code >> 8), (char)code };
	struct utf8 utf8 = { 0 };
	size_t n;

	if (code == CLOSE_NO_STATUS)
		return ws_control(out, OP_CLOSE, NULL, 0);
	n = utf8_check(&utf8, reason, strnlen(reason, CLOSE_REASON_MAX));
	n -= utf8.have; /* a character that the limit cuts */
	memcpy(payload + 2, reason, n);
	return ws_control(out, OP_CLOSE, payload, 2 + n);
}
