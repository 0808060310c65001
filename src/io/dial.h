/* SPDX-License-Identifier: MIT */
/* dial.h - a connection to a service while it is being opened: its name is looked up, its
 * addresses are tried one after the other. */
#ifndef IO_DIAL_H
#define IO_DIAL_H

#include "addr.h"
#include "resolver.h"

/* Where a service is. */
struct dial_target {
	char *text;       /* as it was written */
	struct addr addr; /* len 0: it has a NAME, and a PORT */
	char *name;
	unsigned port;
};

struct dial;

/* The end: FD, non-blocking and connected, is yours, or it is -1 and ERROR the -errno of
 * the last address that was tried, -ETIMEDOUT when time is over.  TO is what was tried
 * last, or NULL: it never came so far.  The dial is gone afterwards. */
typedef void dial_done(void *data, int fd, int error, const struct addr *to);

struct dial_start {
	const struct dial_target *target; /* which stays */
	struct resolver *resolver;        /* is asked for a name; else NULL will do */
	double seconds;                   /* for everything together */
	dial_done *done;
	void *data;
};

/*
 * 0, and DONE is called in a later turn; or -errno.  An address gets its share of the
 * time that is left, so that one that does not answer leaves some for the next.
 */
int dial_begin(struct ev_loop *loop, const struct dial_start *start, struct dial **ret);

/* Give up; DONE is not called.  NULL is a no-op. */
void dial_cancel(struct dial *d);

#endif
