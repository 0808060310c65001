/* SPDX-License-Identifier: MIT */
/* loop.h - a libev loop on epoll that survives running out of memory. */
#ifndef IO_LOOP_H
#define IO_LOOP_H

#include <ev.h>

/*
 * New loop, ended by loop_free().  NULL: out of memory or no epoll.
 *
 * A descriptor that the kernel cannot watch, as it is out of memory, gives its watcher
 * EV_ERROR and is watched no more.
 */
struct ev_loop *loop_new(void);

void loop_free(struct ev_loop *loop); /* NULL is a no-op */

#endif
