/* SPDX-License-Identifier: MIT */
/*
 * attach.h - the hubs that many clients of a path share: finds a client's hub, or makes
 * it.
 *
 * A path's hubs are kept in its struct route_use, so that a reload leaves them alone
 * where what is behind the path stays as it was.  A channel's hub is kept by the server:
 * it belongs to all paths that name the channel, has the settings of the path that came
 * first, and a reload never takes it apart.
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

/* S has joined a hub of ROUTE: where newcomers take over (session_takeover), close the
 * others. */
void attach_take_over(const struct route *route, struct session *s);

/* The hub that C's request for ROUTE is to join; NULL: there is none yet. */
struct hub *attach_find(const struct client *c, const struct route *route);

/* Has the source of H ended, and is it to be started again?  Until then nobody can
 * join. */
bool attach_waits(const struct hub *h);

/* The hub of the channel NAME; NULL: nobody is in it. */
struct hub *attach_channel(const struct server *s, const char *name);

/* Make the hub that C's request for ROUTE is to join, and open its source.  0, the
 * source being open or opening (hub->opening); or -errno, which is logged; *ret_why is
 * a static text for the client. */
int attach_open(struct client *c, struct route *route, struct hub **ret_hub,
		const char **ret_why);

/* Start the sources with `start = boot` that are not running. */
void attach_boot(struct server *s);

/* The same in later turns of the loop, as they have time. */
void attach_boot_later(struct server *s);

/* The snapshot NEW takes the place of S's: hubs of paths that have gone or have other
 * settings, and channels that no path names any more, let nobody else in. */
void attach_reload(struct server *s, const struct routes *new);

#endif
