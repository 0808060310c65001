/* SPDX-License-Identifier: MIT */
/* wsclient.h - a WebSocket client's bytes (RFC 6455): request, frames, parser. */
#ifndef WSCLIENT_H
#define WSCLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WSCLIENT_HEADER_MAX 14 /* two bytes, 64-bit length, masking key */
#define WSCLIENT_CONTROL_MAX 125

enum ws_opcode {
	WS_TEXT = 1,
	WS_BINARY = 2,
	WS_CLOSE = 8,
	WS_PING = 9,
	WS_PONG = 10,
};

/* Write the upgrade request into TO.  Its length, or 0 when CAP is too small. */
size_t wsclient_request(char *to, size_t cap, const char *host, const char *path);

/* Does this response head (ended by a NUL) accept wsclient_request()'s request? */
bool wsclient_accepted(const char *head);

/* The size of a client's frame that carries N bytes. */
size_t wsclient_frame_size(size_t n);

/* Write one masked frame with FIN into TO, which has room for wsclient_frame_size(N). */
void wsclient_frame(unsigned char *to, enum ws_opcode opcode, const void *payload,
		    size_t n);

enum wsclient_event {
	WSCLIENT_MORE,  /* all input is taken, read on */
	WSCLIENT_DATA,  /* a piece of a message, never held back; `last` at its end */
	WSCLIENT_PING,  /* a whole ping */
	WSCLIENT_PONG,  /* a whole pong */
	WSCLIENT_CLOSE, /* a whole close frame */
	WSCLIENT_BAD,   /* the server broke RFC 6455 */
};

struct wsclient_piece {
	const unsigned char
		*p; /* into the input, or into the parser for control frames */
	size_t n;
	bool last;
};

/* All zero is a new parser. */
struct wsclient_parser {
	unsigned char head[10];
	size_t have;   /* bytes of `head` so far */
	uint64_t left; /* bytes of the payload still to come */
	bool in_payload;
	bool in_message; /* a fragment without FIN came, no FIN yet */
	unsigned char control[WSCLIENT_CONTROL_MAX];
	size_t control_n;
};

/* Take the next event out of the *N bytes at *P, moving both on. */
enum wsclient_event wsclient_next(struct wsclient_parser *parser, const unsigned char **p,
				  size_t *n, struct wsclient_piece *ret_piece);

#endif
