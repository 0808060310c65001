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
	struct addr client; /* len 0: not said; port 0: the port is not said */
	bool has_scheme;
	bool secure;         /* ... which is https or wss */
	struct http_at host; /* uri-host[:port] in the head; n == 0: not said */
};

/*
 * Read the fields of the head H in DATA, which came from one of TRUSTED.  Each proxy
 * appends the address that it serves, so the client is the last address that is not in
 * TRUSTED, or the first one when all are: anybody may have written what stands left of
 * it.  Scheme and host are those of the same element of Forwarded, or the last of
 * X-Forwarded-Proto and -Host.
 *
 * False, and *RET_REASON (static), when the fields cannot be believed: the client's
 * address is malformed, "unknown" or obfuscated (RFC 7239 6.3); Forwarded or the host is
 * malformed, or the scheme is unknown; or both kinds of fields are there and disagree,
 * since a proxy that sets one of them passes on what its client wrote into the other.
 */
bool forwarded_read(const struct http *h, const char *data,
		    const struct cidr_list *trusted, struct forwarded *ret,
		    const char **ret_reason);

#endif
