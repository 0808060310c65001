/* SPDX-License-Identifier: MIT */
/* crowd.h - connections that are there before all others and say nothing. */
#ifndef CROWD_H
#define CROWD_H

#include "conn.h"

/* All zero is a crowd of nobody. */
struct crowd {
	struct conn_target target;
	struct conn *conns;
	unsigned size, begun, opened;
};

/* SIZE connections to where TARGET says.  Ends the program when out of memory. */
void crowd_prepare(struct crowd *crowd, const struct conn_target *target, unsigned size);
void crowd_free(struct crowd *crowd);

/* Connect some more of them, at most AT_ONCE at a time.  True: all are there. */
bool crowd_gather(struct crowd *crowd, unsigned at_once);

#endif
