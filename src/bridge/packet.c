/* SPDX-License-Identifier: MIT */
/* Whole frames that many clients share, and rings of references to such. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "packet.h"

#define RING_LEAST 8 /* places; a power of two */

struct packet *packet_new(size_t n)
{
	struct packet *p = malloc(sizeof(*p) + n);

	if (!p)
		return NULL;
	*p = (struct packet){ .refs = 1, .n = n };
	return p;
}

struct packet *packet_ref(struct packet *p)
{
	p->refs++;
	return p;
}

void packet_unref(struct packet *p)
{
	if (p && --p->refs == 0)
		free(p);
}

/* ---- rings ---- */

static struct packet **place(const struct packet_ring *r, unsigned i)
{
	return &r->at[(r->first + i) & (r->cap - 1)];
}

static int grow(struct packet_ring *r)
{
	unsigned cap = r->cap ? 2 * r->cap : RING_LEAST;
	struct packet **at = malloc(cap * sizeof(*at));

	if (!at)
		return -ENOMEM;
	for (unsigned i = 0; i < r->n; i++)
		at[i] = *place(r, i);
	free(r->at);
	r->at = at;
	r->first = 0;
	r->cap = cap;
	return 0;
}

int packet_ring_push(struct packet_ring *r, struct packet *p)
{
	int e = r->n == r->cap ? grow(r) : 0;

	if (e == 0)
		*place(r, r->n++) = p;
	return e;
}

void packet_ring_replace(struct packet_ring *r, unsigned i, struct packet *p)
{
	packet_unref(*place(r, i));
	*place(r, i) = p;
}

struct packet *packet_ring_take(struct packet_ring *r, unsigned i)
{
	struct packet *p;

	assert(i < r->n);
	p = *place(r, i);
	for (; i > 0; i--) /* those before it are few: see outq_drop() */
		*place(r, i) = *place(r, i - 1);
	r->first = (r->first + 1) & (r->cap - 1);
	if (--r->n == 0)
		packet_ring_free(r);
	return p;
}

void packet_ring_free(struct packet_ring *r)
{
	for (unsigned i = 0; i < r->n; i++)
		packet_unref(*place(r, i));
	free(r->at);
	*r = (struct packet_ring){ 0 };
}
