/* SPDX-License-Identifier: MIT */
/* session_key.h - which session a request names: by a parameter of its query, or a
 * cookie. */
#ifndef PROTO_SESSION_KEY_H
#define PROTO_SESSION_KEY_H

#include "span.h"

/* The value of NAME in QUERY ("a=1&b=2"), as it came; p is NULL: it is not there.  Of
 * several the first counts. */
struct span session_key_query(struct span query, struct span name);

/* The same of a Cookie field (RFC 6265 4.2.1: "a=1; b=2"). */
struct span session_key_cookie(struct span field, struct span name);

#endif
