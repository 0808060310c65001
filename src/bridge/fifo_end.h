/* SPDX-License-Identifier: MIT */
/* fifo_end.h - our end of a named pipe, opened anew whenever its name stands for another.
 */
#ifndef BRIDGE_FIFO_END_H
#define BRIDGE_FIFO_END_H

#include <ev.h>
#include <stdbool.h>

#include "bridge.h"
#include "fifo.h"
#include "path_watch.h"

struct fifo_end {
	const char *key, *path, *who; /* the caller's; PATH is NULL: there is none */
	int create;                   /* make it with this mode; < 0: do not */
	bool writes;
	struct bridge *bridge;
	struct path_watch watch; /* its `changed` is the caller's: fifo_end_look() */
	ev_io io;                /* the caller's; fd -1: not open */
	bool missing; /* it was not there at the last look, and that was logged */
};

/* Open E, all of whose members above `bridge` and callbacks are set, if it has a PATH.
 * 0 or -errno as fifo_open(); a reader that is yet to come is no error. */
int fifo_end_begin(struct fifo_end *e, struct bridge *bridge);

/* Open what is at its path now.  If that fails it is logged once, and what was open is
 * closed unless KEEP. */
void fifo_end_reopen(struct fifo_end *e, bool keep);

/* What is at its path, after it was made if it was not there. */
enum fifo_place fifo_end_look(const struct fifo_end *e);

void fifo_end_close(struct fifo_end *e);

/* Close and watch it no more. */
void fifo_end_finish(struct fifo_end *e);

#endif
