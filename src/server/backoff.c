/* SPDX-License-Identifier: MIT */
/* Addresses that failed too often lately, in a table that does not grow. */
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "backoff.h"
#include "peers.h"

#define SETS 512 /* of WAYS addresses: those whose hashes are equal */
#define WAYS 8
#define MINUTE 60.0
#define DEBT_MINUTES 60.0 /* at most so much is to be waited for */

struct backoff_slot {
	unsigned char key[PEERS_KEY];
	double debt; /* failures that were not forgiven at the time SINCE; 0: a free slot
		      */
	double since;
};

/* FNV-1a from a seed that nobody outside knows: which addresses share a set cannot be
 * chosen. */
static struct backoff_slot *set_of(const struct backoff *b, const unsigned char *key)
{
	unsigned long long hash = b->seed;

	for (unsigned i = 0; i < PEERS_KEY; i++)
		hash = (hash ^ key[i]) * 0x100000001b3ULL;
	return &b->slots[(hash >> 32) % SETS * WAYS];
}

static double debt_at(const struct backoff_slot *s, double rate, double now)
{
	double left = s->debt - (now - s->since) * rate;

	return left > 0 ? left : 0;
}

/* At least one failure is free. */
static double allowance(double rate)
{
	return rate * MINUTE < 1 ? 1 : rate * MINUTE;
}

double backoff_wait(const struct backoff *b, const struct addr *peer, double rate,
		    double now)
{
	unsigned char key[PEERS_KEY];
	struct backoff_slot *set;
	double over = 0;

	if (!b->slots || rate <= 0)
		return 0;
	peers_key(peer, key);
	set = set_of(b, key);
	for (unsigned i = 0; i < WAYS; i++)
		if (memcmp(set[i].key, key, sizeof(key)) == 0)
			over = debt_at(&set[i], rate, now) - (allowance(rate) - 1);
	return over > 0 ? over / rate : 0;
}

/* The slot of KEY in SET, or else the one that is forgotten for it. */
static struct backoff_slot *slot_for(struct backoff_slot *set, const unsigned char *key,
				     double rate, double now)
{
	struct backoff_slot *least = set;

	for (unsigned i = 0; i < WAYS; i++) {
		if (memcmp(set[i].key, key, sizeof(set[i].key)) == 0)
			return &set[i];
		if (debt_at(&set[i], rate, now) < debt_at(least, rate, now))
			least = &set[i];
	}
	memcpy(least->key, key, sizeof(least->key));
	least->debt = 0;
	return least;
}

void backoff_add(struct backoff *b, const struct addr *peer, double rate, double now)
{
	unsigned char key[PEERS_KEY];
	struct backoff_slot *slot;
	double most = rate * MINUTE * DEBT_MINUTES;

	if (rate <= 0)
		return;
	if (!b->slots) {
		b->slots = calloc((size_t)SETS * WAYS, sizeof(*b->slots));
		if (!b->slots ||
		    RAND_bytes((unsigned char *)&b->seed, sizeof(b->seed)) != 1)
			return;
	}
	peers_key(peer, key);
	slot = slot_for(set_of(b, key), key, rate, now);
	slot->debt = debt_at(slot, rate, now) + 1;
	slot->since = now;
	if (slot->debt > most && most >= 1)
		slot->debt = most;
}

void backoff_free(struct backoff *b)
{
	free(b->slots);
	b->slots = NULL;
}
