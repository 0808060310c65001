/* SPDX-License-Identifier: MIT */
/*
 * follower.h - the events that a control client follows, waiting to be sent: lines of
 * JSON-RPC notifications, as many as fit.
 *
 * What does not fit is counted, and the count is sent once there is room.
 */
#ifndef SERVER_FOLLOWER_H
#define SERVER_FOLLOWER_H

#include <stdbool.h>

#include "buf.h"

#define FOLLOWER_FILTERS 16
#define FOLLOWER_MOST (256 * 1024) /* bytes that may wait */
#define FOLLOWER_TEXT 256

struct follower;

/* New; follows every event from now on.  Yours; NULL: out of memory. */
struct follower *follower_new(void);
void follower_free(struct follower *f); /* NULL is a no-op */

/* Follow only events with the NAME=VALUE of FILTER; of several filters with one name
 * any has to match.  False, and why in WHY (FOLLOWER_TEXT bytes): it is malformed, or
 * one too many. */
bool follower_filter(struct follower *f, const char *filter, char *why);

/* TOLD is called with DATA when there are lines; it must not end any session. */
void follower_on_lines(struct follower *f, void (*told)(void *data), void *data);

/* Is there something for follower_take()? */
bool follower_has_lines(const struct follower *f);

/* Move what waits to the end of OUT.  0 or -ENOMEM. */
int follower_take(struct follower *f, struct buf *out);

#endif
