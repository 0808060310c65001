/* SPDX-License-Identifier: MIT */
/*
 * forwarded.h - what trusted proxies say of a request's client: Forwarded (RFC 7239), or
 * X-Forwarded-For, -Proto and -Host.
 */
#ifndef PROTO_FORWARDED_H
#define PROTO_FORWARDED_H

#include "cidr.h"
#include "http.h"

struct forwarded {
	struct addr client; /* len 0: not said; its port is 0 when only that is not */
	bool has_scheme;
	bool secure;         /* ... which is https or wss */
	struct http_at host; /* uri-host[:port] in the head; n == 0: not said */
};

/*
 * Read the fields of the head H in DATA, which came from one of TRUSTED.  Each proxy
 * appends whom it serves, so the client is the last address that is not of TRUSTED, and
 * the first one when all are: what stands left of it anybody may have written.  Scheme
 * and host are those of the same element of Forwarded, or the last of X-Forwarded-Proto
 * and -Host.
 *
 * False, and *RET_REASON (static), when they cannot be believed: the client's address is
 * none, or unknown, or hidden (RFC 7239 6.3); Forwarded is not well-formed, or the host
 * not, or the scheme is unknown; both kinds are there and say different things: a proxy
 * that sets one of them passes on what its client wrote into the other.
 */
bool forwarded_read(const struct http *h, const char *data,
		    const struct cidr_list *trusted, struct forwarded *ret,
		    const char **ret_reason);

#endif
