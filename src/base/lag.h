/* SPDX-License-Identifier: MIT */
/*
 * lag.h - how long the turns of a loop take: a histogram, and the longest of late.
 *
 * Whatever becomes ready waits at most for the turn that is under way.  By the clock a
 * turn is also as long as others had the processor meanwhile; by CPU time it is what the
 * loop itself has done.
 */
#ifndef BASE_LAG_H
#define BASE_LAG_H

#include <stdint.h>

#define LAG_BOUNDS 11
#define LAG_WINDOW 60.0 /* seconds: the longest of late is of one or two of these */
#define LAG_LOOK 0.001  /* seconds between two looks at the CPU's clock, at least */

struct lag {
	uint64_t turns[LAG_BOUNDS + 1]; /* not longer than that bound; the last: longer */
	double seconds;                 /* all of them together */
	double since, longest, before; /* the window's begin, its longest turn and that of
					* the one before */
};

struct lag_cpu {
	struct lag lag;
	double at, cpu; /* the last look: when, and what the clock showed */
};

/* In seconds, ascending. */
extern const double lag_bounds[LAG_BOUNDS];

/* A turn began at FROM and has ended at TO, on the monotonic clock. */
void lag_turn(struct lag *l, double from, double to);

/* The same in CPU time, which CPU() tells in seconds.  To ask it is a system call: turns
 * within LAG_LOOK count as by the clock, and one that is longer has at most that much too
 * much. */
void lag_cpu_turn(struct lag_cpu *l, double from, double to, double (*cpu)(void));

/* The longest turn of late at NOW, in seconds. */
double lag_longest(const struct lag *l, double now);

#endif
