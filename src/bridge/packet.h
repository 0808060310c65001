/* SPDX-License-Identifier: MIT */
/*
 * packet.h - whole frames that many clients share, and rings of references to such.
 *
 * What a hub says to many is put into a packet once; each client's queue holds a pointer.
 */
#ifndef BRIDGE_PACKET_H
#define BRIDGE_PACKET_H

#include <stddef.h>

#include "stats.h"

struct packet {
	unsigned refs;
	struct traffic traffic; /* whole messages in it; a session's own frame: none */
	size_t n;
	char data[];
};

/* Room for N bytes, with one reference and no traffic.  NULL: out of memory. */
struct packet *packet_new(size_t n);

struct packet *packet_ref(struct packet *p);
void packet_unref(struct packet *p); /* NULL is a no-op */

/* First in, first out; all zero is empty, and what is empty owns no memory. */
struct packet_ring {
	struct packet **at;
	unsigned first, n;
	unsigned cap; /* a power of two, or 0 */
};

/* Append P, whose reference R owns from now on.  0, or -ENOMEM: it is still the
 * caller's. */
int packet_ring_push(struct packet_ring *r, struct packet *p);

/* The packet I places behind the first, I < r->n. */
static inline struct packet *packet_ring_at(const struct packet_ring *r, unsigned i)
{
	return r->at[(r->first + i) & (r->cap - 1)];
}

/* P, whose reference R owns from now on, takes the place of the packet there. */
void packet_ring_replace(struct packet_ring *r, unsigned i, struct packet *p);

/* Take the packet I places behind the first out of R: its reference is the caller's. */
struct packet *packet_ring_take(struct packet_ring *r, unsigned i);

/* Give all references back. */
void packet_ring_free(struct packet_ring *r);

#endif
