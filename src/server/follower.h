/* SPDX-License-Identifier: MIT */
/*
 * follower.h - what a control client that follows the events is yet to be told: lines of
 * JSON-RPC notifications, as many as fit.
 *
 * What does not fit is counted, and the count told once there is room.
 */
#ifndef SERVER_FOLLOWER_H
#define SERVER_FOLLOWER_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

#define FOLLOWER_FILTERS 16
#define FOLLOWER_MOST (256 * 1024) /* bytes that wait for it */
#define FOLLOWER_TEXT 256

struct follower;

/* One that follows every event from now on, yours; NULL: out of memory. */
struct follower *follower_new(void);
void follower_free(struct follower *f); /* NULL is a no-op */

/* Follow only what has the NAME=VALUE of FILTER; of several with one name any serves.
 * False, and why in WHY (FOLLOWER_TEXT bytes): it is none, or one too many. */
bool follower_filter(struct follower *f, const char *filter, char *why);

/* DATA hears that there are lines; it ends nobody there. */
void follower_on_lines(struct follower *f, void (*told)(void *data), void *data);

/* Is there something for follower_take()? */
bool follower_has_lines(const struct follower *f);

/* Move what waits to the end of OUT.  0 or -ENOMEM. */
int follower_take(struct follower *f, struct buf *out);

#endif
