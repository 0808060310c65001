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

enum proxy_certificate {
	PROXY_CERTIFICATE_NONE,
	PROXY_CERTIFICATE_DOUBTFUL, /* shown, and not verified */
	PROXY_CERTIFICATE_GOOD,
};

/* What a service behind us is told of its client. */
struct proxy_about {
	struct addr client; /* of any family, ...; len 0: there is none */
	struct addr server; /* ... as is the address that it has connected to; len 0: not
			     * known */
	bool secure;        /* it speaks TLS with us: */
	const char *version, *cipher; /* as OpenSSL names them; NULL: not known */
	enum proxy_certificate certificate;
};

#define PROXY_WORD_MAX 63 /* bytes of version and cipher that are told */
#define PROXY_WRITE_MAX                                                           \
	(16 + 2 * 108 + 3 + 5 + 2 * (3 + PROXY_WORD_MAX)) /* of two Unix sockets' \
							   * paths, and TLS */

/* Write a binary header about A; its size. */
size_t proxy_write(const struct proxy_about *a, char out[PROXY_WRITE_MAX]);

#endif
