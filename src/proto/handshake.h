/* SPDX-License-Identifier: MIT */
/* handshake.h - decides if a request is a legal RFC 6455 upgrade and builds the answer.
 */
#ifndef PROTO_HANDSHAKE_H
#define PROTO_HANDSHAKE_H

#include "http.h"

#define HANDSHAKE_ACCEPT_SIZE 28 /* base64 of a SHA-1 */
#define HANDSHAKE_MAX_OFFERS 64  /* subprotocols in one request; more: 400 */

/* What a request asks for. */
struct handshake {
	struct span key;         /* Sec-WebSocket-Key, 24 bytes of the head */
	struct span subprotocol; /* chosen of the server's list; n == 0: none */
	const char *headers; /* more fields of the answer, each with its CR LF; or NULL */
};

enum handshake_result {
	HANDSHAKE_NONE, /* no upgrade to WebSocket asked for: an ordinary request */
	HANDSHAKE_OK,
	HANDSHAKE_BAD, /* ret_status and ret_reason */
};

/*
 * Decide on the head H in DATA (RFC 6455 4.2.1): "websocket" among the tokens of Upgrade
 * (else HANDSHAKE_NONE), HTTP/1.1 or later (else 505), method GET (else 405), "upgrade"
 * among the tokens of Connection, both in any case and position, version 13 (else 426),
 * exactly one key of 16 bytes in canonical base64, at most one Origin,
 * Sec-WebSocket-Protocol and -Extensions as their ABNF says, no subprotocol twice (else
 * 400). SUBPROTOCOLS is the server's list in its order of preference, NULL-terminated, or
 * NULL: the first that the client offers too is chosen; nothing unoffered ever is; none
 * in common is no error.
 */
enum handshake_result handshake_check(const struct http *h, const char *data,
				      const char *const *subprotocols,
				      struct handshake *ret, int *ret_status,
				      const char **ret_reason);

/* The subprotocol NAME as the client offers it; n == 0: it does not. */
struct span handshake_offered(const struct http *h, const char *data, const char *name);

/* Sec-WebSocket-Accept for KEY (RFC 6455 4.2.2): HANDSHAKE_ACCEPT_SIZE bytes and a NUL to
 * OUT. */
void handshake_accept(struct span key, char *out);

/* Do the fields called NAME list TOKEN, in any case (RFC 9110 5.6.1)? */
bool handshake_names(const struct http *h, const char *data, const char *name,
		     struct span token);

/* Write the whole 101 response to OUT (CAP bytes): its length, or 0 when it does not fit.
 */
size_t handshake_answer(const struct handshake *hs, char *out, size_t cap);

#endif
