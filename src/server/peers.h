/* SPDX-License-Identifier: MIT */
/* peers.h - how many connections each address has (IPv6 by /64). */
#ifndef SERVER_PEERS_H
#define SERVER_PEERS_H

#include "addr.h"

struct peers {
	void *tree; /* tsearch(3) */
};

/* The key that connections of one client share: 4 or 6, then the address, or of IPv6
 * its /64; of Unix sockets 1; never all zeros. */
#define PEERS_KEY 9
void peers_key(const struct addr *a, unsigned char *key);

/* One more of PEER: how many it has now; 0: out of memory, not counted. */
unsigned peers_add(struct peers *p, const struct addr *peer);

/* One less. */
void peers_remove(struct peers *p, const struct addr *peer);

#endif
