/* SPDX-License-Identifier: MIT */
/*
 * lag.h - how long the turns of a loop take: a histogram, and the longest recent one.
 *
 * An event that becomes ready waits at most until the turn under way has ended.
 * Wall-clock time includes what other processes had the processor for; CPU time is the
 * loop's own work.
 */
#ifndef BASE_LAG_H
#define BASE_LAG_H

#include <stdint.h>

#define LAG_BOUNDS 11
#define LAG_WINDOW 60.0 /* seconds; "recent" means the last one or two of these */
#define LAG_LOOK 0.001  /* seconds at least between two readings of the CPU clock */

struct lag {
	uint64_t turns[LAG_BOUNDS + 1]; /* how many were up to this bound and above the
					   one before; the last: above all */
	double seconds;                 /* of all turns together */
	double since, longest, before;  /* the start of the window, its longest turn, and
					   that of the window before */
};

struct lag_cpu {
	struct lag lag;
	double at, cpu; /* the last reading: when, and what it showed */
};

/* In seconds, ascending. */
extern const double lag_bounds[LAG_BOUNDS];

/* A turn began at FROM and has ended at TO, on the monotonic clock. */
void lag_turn(struct lag *l, double from, double to);

/* The same in CPU time, which CPU() reads in seconds.  As that is a system call, a
 * turn within LAG_LOOK of the last reading counts with its wall-clock time, and any
 * other is overstated by LAG_LOOK at most. */
void lag_cpu_turn(struct lag_cpu *l, double from, double to, double (*cpu)(void));

/* The longest recent turn, in seconds, as seen at NOW. */
double lag_longest(const struct lag *l, double now);

#endif
