/* SPDX-License-Identifier: MIT */
/* resolver.h - addresses of names, by c-ares on the loop: nothing waits for an answer. */
#ifndef IO_RESOLVER_H
#define IO_RESOLVER_H

#include <ev.h>
#include <sys/queue.h>

#include "addr.h"

#define RESOLVER_ADDRESSES 8 /* of one name that are used */

struct resolver;
struct resolver_query;

/* New; it opens nothing before the first lookup.  NULL: out of memory. */
struct resolver *resolver_new(struct ev_loop *loop);

/* Nobody waits for it any more.  NULL is a no-op. */
void resolver_free(struct resolver *r);

/*
 * Ask the name servers SERVERS ("ADDR:PORT,ADDR,..."; NULL: those of /etc/resolv.conf),
 * which must stay, from now on, also for the lookups that wait.  /etc/resolv.conf is read
 * again.
 */
void resolver_configure(struct resolver *r, const char *servers);

/* Somebody who waits for the addresses of a name. */
struct resolver_lookup {
	/* The N addresses at A, of port 0, best first, until it returns; or N is 0 and
	 * ERROR -ENOENT, the name has none, -ETIMEDOUT, no server answers, -EIO, none of
	 * them knows, or another -errno. */
	void (*found)(struct resolver_lookup *l, const struct addr *a, unsigned n,
		      int error);
	struct resolver_query *query; /* NULL: it does not wait */
	LIST_ENTRY(resolver_lookup) link;
};

/* Look NAME up, first in /etc/hosts.  0, and L->found() is called in a later turn; or
 * -ENOMEM. */
int resolver_begin(struct resolver *r, const char *name, struct resolver_lookup *l);

/* L waits no more. */
void resolver_cancel(struct resolver_lookup *l);

#endif
