/* SPDX-License-Identifier: MIT */
/*
 * ws.h - one side of a WebSocket (RFC 6455) as a machine: bytes in, events out.
 *
 * It knows no socket and no clock.  Received bytes are unmasked where they lie and come
 * back as events that point into them; only unfinished headers, control frames and, with
 * `whole`, messages that arrive in parts are kept.  After an event that ends the
 * connection nothing more is processed.
 */
#ifndef PROTO_WS_H
#define PROTO_WS_H

#include "buf.h"
#include "frame.h"
#include "utf8.h"

/* Close codes (RFC 6455 7.4.1). */
enum close_code {
	CLOSE_NORMAL = 1000,
	CLOSE_GOING_AWAY = 1001,
	CLOSE_PROTOCOL_ERROR = 1002,
	CLOSE_UNSUPPORTED = 1003,
	CLOSE_NO_STATUS = 1005, /* never on the wire: the peer's close frame was empty */
	CLOSE_ABNORMAL = 1006,  /* never on the wire */
	CLOSE_INVALID_DATA = 1007,
	CLOSE_POLICY = 1008,
	CLOSE_TOO_BIG = 1009,
	CLOSE_SERVER_ERROR = 1011,
	CLOSE_RESTART = 1012,
	CLOSE_TRY_LATER = 1013,
};

struct ws_conf {
	size_t max_message; /* payload bytes; more: CLOSE_TOO_BIG; 0: no limit */
	bool whole;         /* WS_DATA for whole messages, else for pieces as they come */
	bool from_server;   /* the peer is one: nothing is masked (RFC 6455 5.1) */
};

enum ws_event_type {
	WS_MORE, /* all bytes are used; nothing more to tell */
	WS_DATA, /* a message, or a piece of one */
	WS_PING, /* answer it with a pong of the same payload */
	WS_PONG,
	WS_CLOSE, /* the peer's close frame; code CLOSE_NO_STATUS when it was empty */
	WS_FAIL,  /* a rule is broken: close with code and reason; feed nothing more */
};

struct ws_event {
	enum ws_event_type type;
	enum opcode opcode; /* WS_DATA: the message's, OP_TEXT or OP_BINARY */
	bool first, last;   /* WS_DATA: begins, ends the message */
	char *p;            /* payload; WS_CLOSE: the reason.  Until the next ws_next() */
	size_t n;
	struct buf *storage; /* WS_DATA: what P lies in, which may be taken out of it;
				NULL: in the bytes that came */
	uint16_t code;       /* WS_CLOSE, WS_FAIL */
	const char *reason;  /* WS_FAIL: static text, at most 123 bytes */
};

struct ws; /* in full below, so that it can live inside a session */

/* Make W ready for the first byte after the handshake.  CONF stays the caller's and
 * outlives W. */
void ws_init(struct ws *w, const struct ws_conf *conf);

/* Give back what W keeps.  W may be all zero. */
void ws_free(struct ws *w);

/*
 * The next event in the bytes from *P to END; moves *P past what was used.  Call until
 * WS_MORE, or until an event ends it.  A piece of a text message may end inside a UTF-8
 * sequence; a piece with n == 0 is told only if it is a first or a last one.  A message
 * that fails is not told to its end: pieces that came before the bad byte may have been,
 * those of its own chunk are not.
 *
 * After WS_CLOSE or WS_FAIL: always WS_MORE, and all bytes are used up.  Out of memory is
 * WS_FAIL with CLOSE_SERVER_ERROR.
 */
void ws_next(struct ws *w, char **p, char *end, struct ws_event *ret);

/* May CODE stand in a close frame that is received (or sent) (RFC 6455 7.4)? */
bool ws_close_code_valid(unsigned code);

/* Write a whole control frame with N <= FRAME_CONTROL_MAX payload bytes to OUT (room for
 * 2 + FRAME_CONTROL_MAX): its size. */
size_t ws_control(char *out, enum opcode opcode, const void *p, size_t n);

/* Write a whole close frame to OUT (room for 2 + FRAME_CONTROL_MAX): its size.
 * CLOSE_NO_STATUS makes an empty one.  REASON (UTF-8) is cut at a character boundary to
 * 123 bytes. */
size_t ws_close(char *out, unsigned code, const char *reason);

enum ws_state { WS_ST_HEADER, WS_ST_PAYLOAD, WS_ST_CONTROL, WS_ST_ENDED };

struct ws {
	const struct ws_conf *conf;
	enum ws_state state;
	struct utf8 utf8; /* of the message under way, if text; complete after each */
	struct frame_header frame; /* the frame under way */
	uint64_t left;             /* payload bytes of it still to come */
	unsigned phase;            /* of its masking key */
	uint8_t message_opcode;    /* of the message under way; OP_CONTINUATION: none */
	bool fresh;                /* no piece of that message has been told yet */
	uint8_t held_n;            /* bytes in held */
	uint64_t message_size; /* payload bytes of the message, announced by headers so
				  far */
	struct buf message;    /* with conf->whole: its bytes so far */
	char *held; /* FRAME_CONTROL_MAX: an unfinished header, or control payload; NULL
		     * until there was one */
};

#endif
