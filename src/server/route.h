/* SPDX-License-Identifier: MIT */
/* route.h - finds the [/path] of a request: the exact match, then the longest prefix. */
#ifndef SERVER_ROUTE_H
#define SERVER_ROUTE_H

#include <stdatomic.h>
#include <sys/queue.h>

#include "bucket.h"
#include "conf.h"
#include "stats.h"

LIST_HEAD(attachment_list, attachment);

/* What is counted for one path; outlives the snapshots that name the path. */
struct route_use {
	atomic_uint refs; /* a snapshot is made beside the loop */
	unsigned running;
	struct bucket starts;               /* under spawn_rate */
	struct attachment_list attachments; /* hubs of many clients (attach.c), ... */
	unsigned attached; /* ... and those that take nobody in any more */
	struct path_stats stats;
};

struct route {
	const struct path_conf *conf;
	struct route_use *use;
	const char *const *line_buffer; /* by route_line_buffer(); NULL: none so far */
	struct which_found found;       /* its program's file, once it was started */
};

/* A snapshot of the configuration with its routes; alive while somebody holds a
 * reference. */
struct routes {
	unsigned refs;
	struct conf *conf;
	struct route *exact, *prefix; /* each in the order of its paths */
	size_t nexact, nprefix;
	const char **channels; /* the names of channels, sorted; some twice */
	size_t nchannels;
	struct route dashboard; /* not among the others; conf NULL: there is none */
};

/* New, with one reference.  Takes CONF over, also on failure: NULL, out of memory.
 * The counts of BEFORE (or NULL) go on for paths of the same name.  A thread beside
 * the loop may call it while somebody holds BEFORE. */
struct routes *routes_new(struct conf *conf, const struct routes *before);
struct routes *routes_ref(struct routes *r);
void routes_unref(struct routes *r); /* NULL is a no-op */

/* The I-th of all routes; NULL: there are no more. */
struct route *route_at(const struct routes *r, size_t i);

/* The route of PATH (decoded), or NULL. */
struct route *route_find(const struct routes *r, const char *path);

/* Does a path of R name the channel NAME? */
bool routes_have_channel(const struct routes *r, const char *name);

/* The variables that make the program of R write line by line, or NULL.  The first
 * call looks at the program. */
const char *const *route_line_buffer(struct route *r);

/* The route in R with the same path as ROUTE, or NULL. */
struct route *route_same(const struct routes *r, const struct route *route);

#endif
