/* SPDX-License-Identifier: MIT */
/* credentials.h - what the Authorization field or a query says about who asks. */
#ifndef PROTO_CREDENTIALS_H
#define PROTO_CREDENTIALS_H

#include "http.h"

#define CREDENTIALS_MAX 1024 /* bytes of a user with a password, or of a token */

enum credentials_kind {
	CREDENTIALS_NONE,
	CREDENTIALS_BASIC,
	CREDENTIALS_BEARER,
	CREDENTIALS_OTHER, /* another scheme (RFC 9110 11.1) */
	CREDENTIALS_BAD,   /* malformed, too long, or more than one */
};

struct credentials {
	enum credentials_kind kind;
	struct span user;           /* CREDENTIALS_BASIC; may be empty */
	struct span secret;         /* its password, which may be empty, or the token */
	char text[CREDENTIALS_MAX]; /* where user and secret lie */
};

/*
 * Parse the value FIELD of an Authorization field.  The scheme is compared without case;
 * Basic is strict base64 of `user:password` without control bytes (RFC 7617 2), Bearer a
 * token68 (RFC 6750 2.1).
 */
void credentials_parse(struct span field, struct credentials *ret);

/*
 * Move the credentials of a parsed head H (its bytes are DATA) to RET: its Authorization
 * fields, else, where QUERY is a name, the parameter of that name (RFC 6750 2.3, with
 * percent escapes).  The head is then without any of them, and their bytes are wiped.
 */
void credentials_take(struct http *h, char *data, const char *query,
		      struct credentials *ret);

/* Overwrite them in memory. */
void credentials_wipe(struct credentials *c);

#endif
