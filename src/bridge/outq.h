/* SPDX-License-Identifier: MIT */
/*
 * outq.h - what waits for a session's client: bytes of its own, and packets that it
 * shares.
 *
 *      own (bytes)                  packets (references)
 *       |  101, control frames,      |  whole messages of a hub of many; frames of the
 *       |  what its hub streams      |  session's own that come behind them
 *
 * First in, first out.  It holds whole frames, but for the first, of which a part may
 * have left.  What is empty owns no memory.
 */
#ifndef BRIDGE_OUTQ_H
#define BRIDGE_OUTQ_H

#include "buf.h"
#include "gather.h"
#include "packet.h"

#define OUTQ_IOV 64 /* vectors of one write */
/* Bytes of one write, at the most: the kernel copies them, and what it sends to this
 * machine it delivers, before it returns. */
#define OUTQ_WRITE (256 * 1024UL)

/* What a packet takes beside its bytes, at the most: its head, malloc's, and the
 * reference.  Messages of one byte, each in a packet, take twenty times their frames. */
#define OUTQ_PACKET 64UL

struct outq {
	struct buf own;
	size_t cut;  /* bytes of own up to the end of the frame, or 101, that has begun to
		      * leave; 0: own begins with a whole one */
	size_t mark; /* bytes up to the place that outq_mark() has set; 0: they have gone
		      */
	struct packet_ring packets;
	size_t packed; /* bytes in packets */
	size_t gone;   /* bytes of the first packet that have left, not in packed */
};

/* Bytes that wait. */
static inline size_t outq_len(const struct outq *q)
{
	return buf_len(&q->own) + q->packed;
}

/* What it takes of memory, which is what `queue` limits. */
static inline size_t outq_cost(const struct outq *q)
{
	return outq_len(q) + q->packets.n * OUTQ_PACKET;
}

/* Append N bytes at P, whole frames (or the 101), copied.  0 or -ENOMEM. */
int outq_append(struct outq *q, const void *p, size_t n);

/* Append G, whole frames, without its first TAKEN bytes, which have left; then Q is
 * empty.  0, or -ENOMEM: a part may be appended. */
int outq_save(struct outq *q, const struct gather *g, size_t taken);

/* Append P, with a reference of Q's own; its first GONE bytes have left, then Q is empty.
 * 0 or -ENOMEM. */
int outq_push(struct outq *q, struct packet *p, size_t gone);

/* Append all of FROM, of which nothing has left, and leave it empty.  0, or -ENOMEM: a
 * part may be appended. */
int outq_join(struct outq *q, struct outq *from);

/* The next bytes to write, OUTQ_WRITE of them at the most, in at most OUTQ_IOV vectors at
 * IOV: how many. */
unsigned outq_iov(const struct outq *q, struct iovec *iov);

/* The first N bytes have left. */
void outq_sent(struct outq *q, size_t n);

/* Remember the end of what waits now; q->mark becomes 0 when that has left. */
static inline void outq_mark(struct outq *q)
{
	q->mark = outq_len(q);
}

/* Drop the oldest packets with messages, until COST or more has gone, or all; not those
 * of which one of Q's first BEGUN bytes is a part, or that have begun to leave: what
 * messages. */
struct traffic outq_drop(struct outq *q, size_t cost, size_t begun);

/* Make everything bytes of its own.  0, or -ENOMEM: Q is as it was. */
int outq_flatten(struct outq *q);

/* Drop everything. */
void outq_free(struct outq *q);

#endif
