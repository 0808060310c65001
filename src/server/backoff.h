/* SPDX-License-Identifier: MIT */
/* backoff.h - addresses that failed too often lately, in a table that does not grow. */
#ifndef SERVER_BACKOFF_H
#define SERVER_BACKOFF_H

#include "addr.h"

struct backoff_slot;

struct backoff {
	struct backoff_slot *slots; /* NULL until the first failure */
	unsigned long long seed;
};

/*
 * Seconds until PEER (IPv6 by /64) may try again at the time NOW; 0: now.  RATE failures
 * a second are forgiven (0: all), a minute's worth of them may come at once, and what is
 * beyond has to be waited for.
 */
double backoff_wait(const struct backoff *b, const struct addr *peer, double rate,
		    double now);

/* PEER has failed.  Where there is no room left, the address that would be forgiven
 * soonest is forgotten. */
void backoff_add(struct backoff *b, const struct addr *peer, double rate, double now);

void backoff_free(struct backoff *b);

#endif
