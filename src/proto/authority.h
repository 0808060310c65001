/* SPDX-License-Identifier: MIT */
/* authority.h - is this text a host with an optional port? */
#ifndef PROTO_AUTHORITY_H
#define PROTO_AUTHORITY_H

#include "span.h"

/*
 * Is S uri-host[:port] as Host and absolute-form have it (RFC 9110 7.2, RFC 3986 3.2)?
 * The host may not be empty (RFC 9110 4.2.1), an IPv6 address stands in brackets, the
 * port is up to 65535 or empty.  Not accepted, though the grammar has them: escapes in a
 * name, IPvFuture.
 */
bool authority_is_valid(struct span s);

#endif
