/* SPDX-License-Identifier: MIT */
/*
 * proxy.h - the header in which a proxy says whose connection it passes on: the PROXY
 * protocol, versions 1 and 2
 * (https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt).
 */
#ifndef PROTO_PROXY_H
#define PROTO_PROXY_H

#include <stdbool.h>
#include <stddef.h>

#include "addr.h"

#define PROXY_MAX_V1 107 /* bytes of a line with its CRLF */
#define PROXY_MAX 4096   /* of a binary header: ours, the protocol has 65551 */

enum proxy_result {
	PROXY_MORE, /* every byte so far belongs to the header, and it is not complete */
	PROXY_DONE,
	PROXY_BAD, /* proxy.reason says why */
};

struct proxy {
	size_t size;        /* of the header; what follows it is the client's */
	struct addr client; /* len 0: the proxy speaks for itself (LOCAL, or a health
			     * check), or does not know (UNKNOWN) */
	bool secure;        /* the client speaks TLS with the proxy (PP2_TYPE_SSL) */
	const char *reason; /* static text */
};

/*
 * Look at the N bytes at DATA, the first ones of the connection.  The first wrong byte is
 * PROXY_BAD.  Addresses are those of TCP, or of a Unix socket, which is given without its
 * path; a CRC32C must be right where there is one; other TLVs are skipped.
 */
enum proxy_result proxy_parse(const char *data, size_t n, struct proxy *ret);

#endif
