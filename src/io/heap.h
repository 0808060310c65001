/* SPDX-License-Identifier: MIT */
/*
 * heap.h - gives the memory of many who have left back to the kernel.
 *
 * free(3) gives back no more than the end of the heap, and as a rule something small
 * stays allocated there: after a thousand handshakes of TLS, 48 MiB below it would be
 * free for us and for nobody else.
 */
#ifndef IO_HEAP_H
#define IO_HEAP_H

#include <ev.h>

struct heap {
	struct ev_loop *loop;
	unsigned left; /* how many have left since memory was last given back */
	ev_timer rest; /* a second since the first of them left */
};

void heap_init(struct heap *h, struct ev_loop *loop);
void heap_stop(struct heap *h);

/* To be called when the memory of one who had some KiB has been freed. */
void heap_left(struct heap *h);

#endif
