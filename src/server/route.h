/* SPDX-License-Identifier: MIT */
/* route.h - finds the [/path] of a request: the exact match, then the longest prefix. */
#ifndef SERVER_ROUTE_H
#define SERVER_ROUTE_H

#include "conf.h"

struct route {
	const struct path_conf *conf;
	unsigned running;               /* processes of this path */
	const char *const *line_buffer; /* variables that its programs get, NULL: none */
};

/* A snapshot of the configuration with its routes; alive while somebody holds a
 * reference. */
struct routes {
	unsigned refs;
	struct conf *conf;
	struct route *exact, *prefix; /* each in the order of its paths */
	size_t nexact, nprefix;
};

/* With one reference; takes over the caller's one to CONF, also on failure: NULL, out of
 * memory. */
struct routes *routes_new(struct conf *conf);
struct routes *routes_ref(struct routes *r);
void routes_unref(struct routes *r); /* NULL is a no-op */

/* The route of PATH (decoded), or NULL. */
struct route *route_find(const struct routes *r, const char *path);

#endif
