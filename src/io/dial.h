/* SPDX-License-Identifier: MIT */
/* dial.h - opens a connection to a service: its name is looked up, its addresses are
 * tried one after the other. */
#ifndef IO_DIAL_H
#define IO_DIAL_H

#include "addr.h"
#include "resolver.h"

/* Where a service is. */
struct dial_target {
	char *text;       /* as it was written */
	struct addr addr; /* len 0: `name` and `port` say it */
	char *name;
	unsigned port;
};

struct dial;

/* How it ended: FD is connected, non-blocking and yours; or it is -1, and ERROR the
 * -errno of the last address tried, -ETIMEDOUT when the time was over.  TO is the
 * address tried last, NULL when there was none.  The dial is gone afterwards. */
typedef void dial_done(void *data, int fd, int error, const struct addr *to);

struct dial_start {
	const struct dial_target *target; /* has to stay */
	struct resolver *resolver; /* for a target with a name; else NULL will do */
	double seconds;            /* for everything together */
	dial_done *done;
	void *data;
};

/*
 * Begin.  0, and DONE is called in a later turn of the loop; or -errno.  Each address
 * gets its share of the time that is left, so that one that does not answer leaves some
 * for the next.
 */
int dial_begin(struct ev_loop *loop, const struct dial_start *start, struct dial **ret);

/* Give up; DONE is not called.  NULL is a no-op. */
void dial_cancel(struct dial *d);

#endif
