/* SPDX-License-Identifier: MIT */
/*
 * batch.h - the messages of one read as packets for many: the frames of small ones side
 * by side, a large one by itself.
 *
 * One batch serves a whole loop: add, seal, hand its packets on, reset.
 */
#ifndef BRIDGE_BATCH_H
#define BRIDGE_BATCH_H

#include <stdbool.h>

#include "frame.h"
#include "outq.h"

#define BATCH_PACKET (16 * 1024) /* bytes of a packet of small messages */

struct batch {
	struct packet *at[OUTQ_IOV];
	struct iovec iov[OUTQ_IOV]; /* their bytes */
	unsigned n;
	size_t bytes;           /* in all of them */
	struct traffic traffic; /* the same */
	bool lost;              /* out of memory: a packet is missing */

	char open[BATCH_PACKET]; /* the packet that batch_seal() will end */
	size_t open_n;
	struct traffic open_traffic;
};

/* Make B empty; before its first use it is all zero. */
void batch_reset(struct batch *b);

/* Is there no room for what batch_add() may need?  Then hand on and reset. */
bool batch_is_full(const struct batch *b);

/* Append a whole message of N bytes at P, in frames of at most MAX_FRAME (0: in one).
 * Packets of small messages do not exceed MOST bytes. */
void batch_add(struct batch *b, enum opcode opcode, const char *p, size_t n,
	       size_t max_frame, size_t most);

/* Append P, with a reference of B's own. */
void batch_take(struct batch *b, struct packet *p);

/* What was added is all in packets now. */
void batch_seal(struct batch *b);

#endif
