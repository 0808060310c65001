/* SPDX-License-Identifier: MIT */
/* What waits for a session's client: bytes of its own, and packets that it shares. */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "frame.h"
#include "outq.h"

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* ---- in ---- */

/* Append P with the caller's reference, which is given back on failure. */
static int push(struct outq *q, struct packet *p)
{
	int r = p ? packet_ring_push(&q->packets, p) : -ENOMEM;

	if (r == 0)
		q->packed += p->n;
	else
		packet_unref(p);
	return r;
}

int outq_push(struct outq *q, struct packet *p, size_t gone)
{
	int r = push(q, packet_ref(p));

	if (r == 0 && gone > 0) {
		q->packed -= gone;
		q->gone = gone;
	}
	return r;
}

int outq_append(struct outq *q, const void *p, size_t n)
{
	struct packet *packet;

	if (q->packets.n == 0)
		return buf_append(&q->own, p, n, SIZE_MAX);
	packet = packet_new(n);
	if (packet)
		memcpy(packet->data, p, n);
	return push(q, packet);
}

/* The first N bytes of G, which is whole frames, have left: how many are missing to the
 * end of the frame that they end in. */
static size_t cut_of(const struct gather *g, size_t n)
{
	size_t at = 0, before = 0;

	for (unsigned i = 0; at < n;) {
		if (at >= before + g->iov[i].iov_len) {
			before += g->iov[i++].iov_len;
			continue;
		}
		at += frame_whole_size((char *)g->iov[i].iov_base + (at - before));
	}
	return at - n;
}

static struct packet *packet_of(const struct gather *g)
{
	struct packet *p = packet_new(g->bytes);
	size_t at = 0;

	for (unsigned i = 0; p && i < g->n; i++) {
		memcpy(p->data + at, g->iov[i].iov_base, g->iov[i].iov_len);
		at += g->iov[i].iov_len;
	}
	return p;
}

int outq_save(struct outq *q, const struct gather *g, size_t taken)
{
	if (q->packets.n > 0)
		return push(q, packet_of(g));
	if (taken > 0)
		q->cut = cut_of(g, taken);
	return gather_save(g, taken, &q->own, SIZE_MAX);
}

int outq_join(struct outq *q, struct outq *from)
{
	int r = 0;

	if (q->packets.n == 0)
		r = buf_join(&q->own, &from->own);
	else if (buf_len(&from->own) > 0)
		r = outq_append(q, buf_head(&from->own), buf_len(&from->own));
	while (r == 0 && from->packets.n > 0)
		r = push(q, packet_ring_take(&from->packets, 0));
	outq_free(from);
	return r;
}

/* ---- out ---- */

unsigned outq_iov(const struct outq *q, struct iovec *iov)
{
	unsigned n = 0;
	size_t gone = q->gone, left = OUTQ_WRITE, part = min_size(buf_len(&q->own), left);

	if (part > 0)
		iov[n++] = (struct iovec){ buf_head(&q->own), part };
	left -= part;
	for (unsigned i = 0; i < q->packets.n && n < OUTQ_IOV && left > 0; i++) {
		struct packet *p = packet_ring_at(&q->packets, i);

		part = min_size(p->n - gone, left);
		iov[n++] = (struct iovec){ p->data + gone, part };
		left -= part;
		gone = 0;
	}
	return n;
}

/* N bytes of own have left; where the frame ends that they end in is known then. */
static void own_sent(struct outq *q, size_t n)
{
	if (n == buf_len(&q->own))
		q->cut = n;
	while (q->cut < n)
		q->cut += frame_whole_size(buf_head(&q->own) + q->cut);
	q->cut -= n;
	buf_consume(&q->own, n);
}

static void packets_sent(struct outq *q, size_t n)
{
	q->packed -= n;
	q->gone += n;
	while (q->packets.n > 0 && q->gone >= packet_ring_at(&q->packets, 0)->n) {
		struct packet *p = packet_ring_take(&q->packets, 0);

		q->gone -= p->n;
		packet_unref(p);
	}
}

void outq_sent(struct outq *q, size_t n)
{
	size_t own = min_size(n, buf_len(&q->own));

	assert(n <= outq_len(q));
	q->mark -= min_size(n, q->mark);
	own_sent(q, own);
	if (n > own)
		packets_sent(q, n - own);
}

/* ---- away ---- */

/* Drop the packet I places behind the first, whose bytes begin AT bytes behind Q's. */
static void drop(struct outq *q, unsigned i, size_t at)
{
	struct packet *p = packet_ring_take(&q->packets, i);

	q->packed -= p->n;
	if (q->mark > at)
		q->mark -= p->n;
	packet_unref(p);
}

struct traffic outq_drop(struct outq *q, size_t cost, size_t begun)
{
	struct traffic dropped = { 0 };
	size_t at = buf_len(&q->own), left = cost;

	for (unsigned i = 0; i < q->packets.n && left > 0;) {
		const struct packet *p = packet_ring_at(&q->packets, i);
		size_t gone = i == 0 ? q->gone : 0;

		if (gone > 0 || at < begun || p->traffic.messages == 0) {
			at += p->n - gone;
			i++;
			continue;
		}
		left -= min_size(left, p->n + OUTQ_PACKET);
		dropped.messages += p->traffic.messages;
		dropped.bytes += p->traffic.bytes;
		drop(q, i, at);
	}
	return dropped;
}

/* Where in P the frame ends that the first GONE bytes end in. */
static size_t frame_end(const struct packet *p, size_t gone)
{
	size_t at = 0;

	while (at < gone)
		at += frame_whole_size(p->data + at);
	return at;
}

int outq_flatten(struct outq *q)
{
	struct buf all = { 0 };
	size_t gone = q->gone, cut = q->cut;
	int r = 0;

	if (q->packets.n == 0)
		return 0;
	if (gone > 0) /* then own is empty */
		cut = frame_end(packet_ring_at(&q->packets, 0), gone) - gone;
	for (unsigned i = 0; r == 0 && i < q->packets.n; i++) {
		const struct packet *p = packet_ring_at(&q->packets, i);

		r = buf_append(&all, p->data + gone, p->n - gone, SIZE_MAX);
		gone = 0;
	}
	if (r == 0)
		r = buf_join(&q->own, &all);
	buf_free(&all);
	if (r < 0)
		return r;
	packet_ring_free(&q->packets);
	q->packed = q->gone = 0;
	q->cut = cut;
	return 0;
}

void outq_free(struct outq *q)
{
	buf_free(&q->own);
	packet_ring_free(&q->packets);
	*q = (struct outq){ 0 };
}
