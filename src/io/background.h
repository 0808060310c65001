/* SPDX-License-Identifier: MIT */
/*
 * background.h - one long piece of work, done in a thread while the loop goes on.
 *
 * The thread sees nothing but the data of its work; every function here is called by the
 * loop's thread.
 */
#ifndef IO_BACKGROUND_H
#define IO_BACKGROUND_H

#include <ev.h>
#include <stdbool.h>

struct background;

/*
 * Call WORK with DATA in the thread; once it is done, but not before a later turn of the
 * loop, call DONE with DATA.  The background is gone then.  Where no thread can be
 * started, WORK is called at once.  NULL: out of memory, and neither is called.
 */
struct background *background_begin(struct ev_loop *loop, void (*work)(void *data),
				    void (*done)(void *data), void *data);

/* Give up: DONE is not called.  Waits for the end of WORK, but not for long.  False:
 * WORK still goes on, and what it uses has to stay. */
bool background_end(struct background *b);

#endif
