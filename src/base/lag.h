/* SPDX-License-Identifier: MIT */
/*
 * lag.h - how long the turns of a loop take: a histogram, and the longest of late.
 *
 * Whatever becomes ready waits at most for the turn that is under way.
 */
#ifndef BASE_LAG_H
#define BASE_LAG_H

#include <stdint.h>

#define LAG_BOUNDS 10
#define LAG_WINDOW 60.0 /* seconds: the longest of late is of one or two of these */

struct lag {
	uint64_t turns[LAG_BOUNDS + 1]; /* not longer than that bound; the last: longer */
	double seconds;                 /* all of them together */
	double since, longest, before; /* the window's begin, its longest turn and that of
					* the one before */
};

/* In seconds, ascending. */
extern const double lag_bounds[LAG_BOUNDS];

/* A turn began at FROM and has ended at TO, on the monotonic clock. */
void lag_turn(struct lag *l, double from, double to);

/* The longest turn of late at NOW, in seconds. */
double lag_longest(const struct lag *l, double now);

#endif
