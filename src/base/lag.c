/* SPDX-License-Identifier: MIT */
/* How long the turns of a loop take: a histogram, and the longest recent one. */
#include "lag.h"

const double lag_bounds[LAG_BOUNDS] = { 0.0001, 0.0003, 0.001, 0.003, 0.005, 0.01,
					0.02,   0.05,   0.1,   0.3,   1 };

static void next_window(struct lag *l, double now)
{
	l->before = now - l->since < 2 * LAG_WINDOW ? l->longest : 0;
	l->longest = 0;
	l->since = now;
}

void lag_turn(struct lag *l, double from, double to)
{
	double seconds = to - from;
	unsigned i = 0;

	while (i < LAG_BOUNDS && seconds > lag_bounds[i])
		i++;
	l->turns[i]++;
	l->seconds += seconds;
	if (to - l->since >= LAG_WINDOW)
		next_window(l, to);
	if (seconds > l->longest)
		l->longest = seconds;
}

void lag_cpu_turn(struct lag_cpu *l, double from, double to, double (*cpu)(void))
{
	double seconds = to - from, before = l->cpu;

	if (to - l->at >= LAG_LOOK) {
		l->at = to;
		l->cpu = cpu();
		if (l->cpu - before < seconds)
			seconds = l->cpu - before;
	}
	lag_turn(&l->lag, to - seconds, to);
}

double lag_longest(const struct lag *l, double now)
{
	double age = now - l->since;
	double before = age < LAG_WINDOW ? l->before : 0;

	if (age >= 2 * LAG_WINDOW)
		return 0;
	return l->longest > before ? l->longest : before;
}
