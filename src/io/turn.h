/* SPDX-License-Identifier: MIT */
/*
 * turn.h - work that waits for another turn of the loop, so that none takes long.
 *
 * Whatever one event can make a thousandfold (a message for many, many clients that come,
 * go or speak at once) asks turn_has_time() before each piece, and what has to wait
 * stands in one queue.  Before the loop sleeps it is worked off, the first first, as far
 * as the turn has time, and one piece in any case; while some is left the loop does
 * not sleep.
 */
#ifndef IO_TURN_H
#define IO_TURN_H

#include <ev.h>
#include <stdbool.h>
#include <sys/queue.h>

#define TURN_LONG 0.003 /* seconds, for what can wait for the next one */
#define TURN_FREE 16    /* pieces of work of a turn before it looks at the clock */
#define TURN_PIECE (16 * 1024UL) /* bytes that are passed on, as one piece counts */

/* One piece of it, in whoever does it; all zero at first. */
struct late {
	void (*act)(struct late *l); /* it waits for this; NULL: it does not wait */
	TAILQ_ENTRY(late) link;
};

struct turn {
	struct ev_loop *loop;
	double since;                     /* its begin */
	unsigned pieces;                  /* of work, so far */
	TAILQ_HEAD(late_list, late) late; /* the first to come first */
	ev_prepare end;
	ev_idle awake; /* some is left */
};

void turn_init(struct turn *t, struct ev_loop *loop);
void turn_stop(struct turn *t);

/* One begins, at NOW on the monotonic clock. */
void turn_begin(struct turn *t, double now);

/* Has it taken long enough?  Others are to get their turn. */
bool turn_is_long(const struct turn *t);

/* A piece of work is there: may it be done in this turn?  Of the first ones nobody needs
 * to look at the clock. */
static inline bool turn_has_time(struct turn *t)
{
	return t->pieces++ < TURN_FREE || !turn_is_long(t);
}

/* A piece has passed on N bytes: is it as much as several? */
static inline void turn_passed(struct turn *t, size_t n)
{
	t->pieces += (unsigned)(n / TURN_PIECE);
}

/* ACT is called for L when there is time; nothing happens if L waits already. */
void turn_wait(struct turn *t, struct late *l, void (*act)(struct late *l));

/* L does not wait any more. */
void turn_forget(struct turn *t, struct late *l);

#endif
