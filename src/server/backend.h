/* SPDX-License-Identifier: MIT */
/* backend.h - what is behind a path: its source, opened for a client before the 101. */
#ifndef SERVER_BACKEND_H
#define SERVER_BACKEND_H

#include "client_impl.h"
#include "hub.h"

/*
 * Give HUB its source for C's request, as ROUTE is configured.  STEP_NEXT: the source is
 * there and open.  STEP_WAIT: it is there and opening; hub_wait() tells.  STEP_END: C has
 * been answered, and HUB has no source.
 */
enum step backend_open(struct client *c, struct route *route, const struct handshake *hs,
		       struct hub *hub);

/* The source that C waited for did not open, with the -errno ERROR and WHY (static): C is
 * answered. */
void backend_refuse(struct client *c, int error, const char *why);

#endif
