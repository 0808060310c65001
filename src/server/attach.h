/* SPDX-License-Identifier: MIT */
/*
 * attach.h - the hubs that many clients of a path share: one finds its hub, or makes it.
 *
 * They are kept by what is counted for the path (struct route_use), so that a reload
 * leaves them alone where what is behind the path stays as it was.  A channel is kept by
 * the server: it belongs to all paths that name it, has the settings of the path that
 * came first, and a reload never takes it apart.
 */
#ifndef SERVER_ATTACH_H
#define SERVER_ATTACH_H

#include "client_impl.h"

/* Do clients of ROUTE share hubs? */
bool attach_shares(const struct route *route);

/* What is wrong with how C's request names its session there, in words for status 400;
 * NULL: nothing.  Static, until the next call. */
const char *attach_wrong(const struct client *c, const struct route *route);

/* Are there as many hubs as max_processes allows? */
bool attach_is_full(const struct route *route);

/* S has joined a hub of ROUTE: where newcomers replace those who are there, they go. */
void attach_take_over(const struct route *route, struct session *s);

/* The hub that C's request for ROUTE is to join; NULL: there is none yet. */
struct hub *attach_find(const struct client *c, const struct route *route);

/* Has the source of H ended, and another is to come?  Then nobody can join yet. */
bool attach_waits(const struct hub *h);

/* The hub of the channel NAME; NULL: nobody is in it. */
struct hub *attach_channel(const struct server *s, const char *name);

/* Make it, and open its source.  0, the source being open or opening (hub->opening); or
 * -errno, which is logged; *ret_why are static words for a client. */
int attach_open(struct client *c, struct route *route, struct hub **ret_hub,
		const char **ret_why);

/* Start what is to be there without any client, where it is not yet. */
void attach_boot(struct server *s);

/* The same, as turns of the loop have time. */
void attach_boot_later(struct server *s);

/* The snapshot NEW takes the place of S's: hubs whose path has gone or has other
 * settings, and channels that no path names, take nobody in any more. */
void attach_reload(struct server *s, const struct routes *new);

#endif
