/* SPDX-License-Identifier: MIT */
/* etag.h - is this entity tag in that list (RFC 9110 8.8.3)? */
#ifndef PROTO_ETAG_H
#define PROTO_ETAG_H

#include <stdbool.h>

#include "span.h"

/* Has FIELD, a list of entity tags or *, the strong tag ETAG (with its quotes)?  WEAKLY:
 * a W/ before one does not matter (If-None-Match); else it does (If-Match, If-Range).
 * What is malformed ends the list. */
bool etag_in_list(struct span field, struct span etag, bool weakly);

#endif
