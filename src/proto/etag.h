/* SPDX-License-Identifier: MIT */
/* etag.h - is this entity tag in that list (RFC 9110 8.8.3)? */
#ifndef PROTO_ETAG_H
#define PROTO_ETAG_H

#include <stdbool.h>

#include "span.h"

/* Does FIELD, a list of entity tags or *, contain the strong tag ETAG (with its
 * quotes)?  WEAKLY: the weak comparison of RFC 9110 8.8.3.2, for If-None-Match; else
 * the strong one, for If-Match and If-Range.  What is malformed ends the list. */
bool etag_in_list(struct span field, struct span etag, bool weakly);

#endif
