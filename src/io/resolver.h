/* SPDX-License-Identifier: MIT */
/* resolver.h - addresses of names, by c-ares on the loop: nothing waits for an answer. */
#ifndef IO_RESOLVER_H
#define IO_RESOLVER_H

#include <ev.h>
#include <sys/queue.h>

#include "addr.h"

#define RESOLVER_ADDRESSES 8 /* the most of one name that are used */

struct resolver;
struct resolver_query;

/* New; no socket is opened before the first lookup.  NULL: out of memory. */
struct resolver *resolver_new(struct ev_loop *loop);

/* Free it; no lookup may be waiting.  NULL is a no-op. */
void resolver_free(struct resolver *r);

/*
 * From now on ask the name servers SERVERS ("ADDR:PORT,ADDR,...", which has to stay;
 * NULL: those of /etc/resolv.conf, which is read again), also for the lookups that wait.
 */
void resolver_configure(struct resolver *r, const char *servers);

/* A lookup that somebody waits for. */
struct resolver_lookup {
	/* The result: N addresses at A, of port 0, the best first, valid until it
	 * returns; or N is 0 and ERROR says why: -ENOENT (the name has none),
	 * -ETIMEDOUT (no server answers), -EIO (none of them knows), or another
	 * -errno. */
	void (*found)(struct resolver_lookup *l, const struct addr *a, unsigned n,
		      int error);
	struct resolver_query *query; /* NULL: it is not waiting */
	LIST_ENTRY(resolver_lookup) link;
};

/* Look NAME up, first in /etc/hosts.  0, and L->found() is called in a later turn; or
 * -ENOMEM. */
int resolver_begin(struct resolver *r, const char *name, struct resolver_lookup *l);

/* Stop L; L->found() is not called. */
void resolver_cancel(struct resolver_lookup *l);

#endif
