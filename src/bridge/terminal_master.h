/* SPDX-License-Identifier: MIT */
/* terminal_master.h - our side of a program's pseudo-terminal: its making and its size.
 */
#ifndef BRIDGE_TERMINAL_MASTER_H
#define BRIDGE_TERMINAL_MASTER_H

#include <ev.h>
#include <stdbool.h>

#include "terminal.h"

/* How a new terminal treats what passes. */
enum terminal_mode {
	TERMINAL_RAW,   /* as a pipe does */
	TERMINAL_BYTES, /* as a person at a keyboard expects it */
	TERMINAL_UTF8,  /* the same, and backspace erases a whole character of UTF-8 */
};

/* A new one.  0, or -errno; whichever descriptor is not -1 then is the caller's.  The
 * near one does not block. */
int terminal_open(enum terminal_mode mode, int *ret_near, int *ret_far);

/* The size of the terminal behind the descriptor FD. */
int terminal_set_size(int fd, struct terminal_size size);

/* Keeps the size of one. */
struct terminal_master;

/* FD is its near one, which outlives it; SIZE is set already.  SETTLED(DATA) is told once
 * in a turn of LOOP in which a size was set.  NULL: out of memory. */
struct terminal_master *terminal_master_new(struct ev_loop *loop, int fd,
					    struct terminal_size size,
					    void (*settled)(void *data), void *data);
void terminal_master_free(struct terminal_master *t); /* NULL is a no-op */

/* It is to have SIZE: from the next terminal_master_settle() on, at the latest before the
 * loop sleeps; the last one of a turn counts. */
void terminal_master_resize(struct terminal_master *t, struct terminal_size size);

/* Set what is asked for: the keys behind it are for a terminal of that size. */
void terminal_master_settle(struct terminal_master *t);

struct terminal_size terminal_master_size(const struct terminal_master *t);

#endif
