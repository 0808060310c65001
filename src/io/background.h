/* SPDX-License-Identifier: MIT */
/*
 * background.h - one piece of work that takes its time, done while the loop goes on.
 *
 * It is done in a thread of its own, which sees nothing but its data; everything here is
 * called by the loop's thread.
 */
#ifndef IO_BACKGROUND_H
#define IO_BACKGROUND_H

#include <ev.h>
#include <stdbool.h>

struct background;

/*
 * WORK is called with DATA aside; later, and not before the loop turns, DONE is told with
 * DATA, and the work is gone then.  Where no thread can be had WORK is done at once.
 * NULL: out of memory, and nothing comes of it.
 */
struct background *background_begin(struct ev_loop *loop, void (*work)(void *data),
				    void (*done)(void *data), void *data);

/* DONE is not to be told.  Wait for the end of the work, but not for long.  False:
 * it goes on, and what it uses must stay. */
bool background_end(struct background *b);

#endif
