/* SPDX-License-Identifier: MIT */
/*
 * heap.h - memory that many have left goes back to the kernel.
 *
 * free(3) gives back no more than the end of the heap, and something small that stays
 * lies there as a rule: after a thousand handshakes of TLS 48 MiB below it would be free
 * for us, and for nobody else.
 */
#ifndef IO_HEAP_H
#define IO_HEAP_H

#include <ev.h>

struct heap {
	struct ev_loop *loop;
	unsigned left; /* since memory was given back */
	ev_timer rest; /* the first of them left a second ago */
};

void heap_init(struct heap *h, struct ev_loop *loop);
void heap_stop(struct heap *h);

/* One has left whose memory was some KiB, and it has been freed. */
void heap_left(struct heap *h);

#endif
