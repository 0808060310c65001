/* SPDX-License-Identifier: MIT */
/* How many connections each address has (IPv6 by /64). */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "peers.h"

struct peer {
	unsigned char key[PEERS_KEY];
	unsigned count;
};

static int by_key(const void *a, const void *b)
{
	return memcmp(a, b, PEERS_KEY);
}

void peers_key(const struct addr *a, unsigned char *key)
{
	memset(key, 0, PEERS_KEY);
	if (a->sa.sa_family == AF_INET) {
		key[0] = 4;
		memcpy(key + 1, &a->in.sin_addr, 4);
	} else if (a->sa.sa_family == AF_INET6 &&
		   IN6_IS_ADDR_V4MAPPED(&a->in6.sin6_addr)) {
		key[0] = 4;
		memcpy(key + 1, &a->in6.sin6_addr.s6_addr[12], 4);
	} else if (a->sa.sa_family == AF_INET6) {
		key[0] = 6;
		memcpy(key + 1, &a->in6.sin6_addr, 8);
	} else {
		key[0] = 1;
	}
}

unsigned peers_add(struct peers *p, const struct addr *peer)
{
	struct peer *one = calloc(1, sizeof(*one));
	struct peer **found;

	if (!one)
		return 0;
	peers_key(peer, one->key);
	found = tsearch(one, &p->tree, by_key);
	if (!found || *found != one)
		free(one);
	return found ? ++(*found)->count : 0;
}

void peers_remove(struct peers *p, const struct addr *peer)
{
	struct peer key, **found, *one;

	peers_key(peer, key.key);
	found = tfind(&key, &p->tree, by_key);
	if (!found || --(*found)->count > 0)
		return;
	one = *found;
	tdelete(one, &p->tree, by_key);
	free(one);
}
