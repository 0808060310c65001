/* SPDX-License-Identifier: MIT */
/* backoff.h - counts the recent failures of addresses, in a table that does not grow. */
#ifndef SERVER_BACKOFF_H
#define SERVER_BACKOFF_H

#include "addr.h"

struct backoff_slot;

struct backoff {
	struct backoff_slot *slots; /* NULL until the first failure */
	unsigned long long seed;
};

/*
 * Seconds from NOW until PEER (IPv6 by /64) may try again; 0: it may now.  RATE failures
 * a second are forgiven (0: all of them), and a minute's worth may come at once before
 * PEER has to wait.
 */
double backoff_wait(const struct backoff *b, const struct addr *peer, double rate,
		    double now);

/* Count a failure of PEER at NOW.  Where there is no room left, the address that would
 * be forgiven soonest is forgotten. */
void backoff_add(struct backoff *b, const struct addr *peer, double rate, double now);

void backoff_free(struct backoff *b);

#endif
