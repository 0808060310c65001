/* SPDX-License-Identifier: MIT */
/* handshake_client.h - asks for a WebSocket, and judges the answer (RFC 6455 4.1). */
#ifndef PROTO_HANDSHAKE_CLIENT_H
#define PROTO_HANDSHAKE_CLIENT_H

#include <stdio.h>

#include "handshake.h"
#include "response.h"

/* What is asked for.  All text is the caller's, and checked by it. */
struct handshake_request {
	struct span target, host;
	char key[25];                    /* base64 of 16 random bytes */
	const char *origin;              /* NULL: none */
	const char *authorization;       /* the value; NULL: none */
	const char *const *subprotocols; /* in the order of preference, NULL-terminated */
	const char *const *fields;       /* "Name: value", NULL-terminated */
};

/* May LINE stand in FIELDS: a token, a colon, and a value without control bytes, and the
 * name none of those that the handshake says itself? */
bool handshake_field_valid(const char *line);

/* Write the whole request to OUT. */
void handshake_write_request(const struct handshake_request *q, FILE *out);

/*
 * Is the answer R in DATA a legal 101 to Q: Upgrade and Connection, the one
 * Sec-WebSocket-Accept of Q's key, no extension, and at most one subprotocol, which is
 * one of Q's?  NULL, or what is wrong.  *ret_subprotocol: n == 0 is none.
 */
const char *handshake_judge_answer(const struct handshake_request *q,
				   const struct response *r, const char *data,
				   struct span *ret_subprotocol);

#endif
