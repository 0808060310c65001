/* SPDX-License-Identifier: MIT */
/* access.h - may this request open this path, by its Origin and Host? */
#ifndef SERVER_ACCESS_H
#define SERVER_ACCESS_H

#include <stdbool.h>

#include "cidr.h"
#include "span.h"

struct access_conf {
	char **origins; /* each same, any, or scheme://host[:port]; NULL-terminated */
	bool origin_missing;        /* a request without Origin is allowed */
	struct cidr_access clients; /* by address */
};

/* May a page of ORIGIN (p NULL: the request has none) open a path with CONF, when it
 * asked HOST for it?  A HOST without a port has the default port of the Origin's
 * scheme. */
bool access_origin(const struct access_conf *conf, struct span origin, struct span host);

/*
 * Is a request for HOST (uri-host[:port]) answered?  NAMES are those served, NULL: any.
 * On a LOOPBACK listener localhost and addresses are, besides NAMES, and nothing else.
 * HTTP/1.0 may have none.
 */
bool access_host(char *const *names, bool loopback, struct span host);

/* HOST without its port. */
struct span access_host_name(struct span host);

/* The `origin` that CONF holds as text, for messages; OUT of CAP bytes, returned. */
const char *access_origin_text(const struct access_conf *conf, char *out, size_t cap);

#endif
