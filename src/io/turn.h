/* SPDX-License-Identifier: MIT */
/*
 * turn.h - work that waits for another turn of the loop, so that no turn takes long.
 *
 * Whatever a single event can multiply (a message for many clients, or many clients that
 * come, go or speak at once) asks turn_has_time() before each piece of work; what has to
 * wait stands in one queue.  The queue is worked off before the loop sleeps, first in
 * first out, as far as the turn has time, and at least one piece; while some is left the
 * loop does not sleep.
 */
#ifndef IO_TURN_H
#define IO_TURN_H

#include <ev.h>
#include <stdbool.h>
#include <sys/queue.h>

#define TURN_LONG 0.003 /* seconds until work that can wait has to */
#define TURN_FREE 16    /* pieces of work in a turn before the clock is looked at */
#define TURN_PIECE (16 * 1024UL) /* so many bytes passed on count as a piece of work */

/* A piece of work that can wait; embedded in whoever does it, all zero at first. */
struct late {
	void (*act)(struct late *l); /* called in its turn; NULL: not waiting */
	TAILQ_ENTRY(late) link;
};

struct turn {
	struct ev_loop *loop;
	double since;                     /* when it began */
	unsigned pieces;                  /* of work done so far */
	TAILQ_HEAD(late_list, late) late; /* those waiting, first in first out */
	ev_prepare end;
	ev_idle awake; /* keeps the loop from sleeping while some is left */
};

void turn_init(struct turn *t, struct ev_loop *loop);
void turn_stop(struct turn *t);

/* A turn begins, at NOW on the monotonic clock. */
void turn_begin(struct turn *t, double now);

/* Has this turn taken long enough, so that others are to have theirs? */
bool turn_is_long(const struct turn *t);

/* May one more piece of work be done in this turn?  It is counted; for the first ones
 * nobody looks at the clock. */
static inline bool turn_has_time(struct turn *t)
{
	return t->pieces++ < TURN_FREE || !turn_is_long(t);
}

/* The piece under way has passed on N bytes: count it as several if they are many. */
static inline void turn_passed(struct turn *t, size_t n)
{
	t->pieces += (unsigned)(n / TURN_PIECE);
}

/* Call ACT for L when there is time; no effect if L is waiting already. */
void turn_wait(struct turn *t, struct late *l, void (*act)(struct late *l));

/* L is not to wait any more. */
void turn_forget(struct turn *t, struct late *l);

#endif
