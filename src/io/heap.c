/* SPDX-License-Identifier: MIT */
/* Memory that many have left goes back to the kernel. */
#include <malloc.h>

#include "heap.h"

/* What so many held goes back at once: 12 MiB, where these were handshakes of TLS, take
 * 1 to 2 ms of the turn. */
#define CROWD 256

#define REST 1.0 /* seconds, after which what fewer have left goes back, too */

static void give_back(struct heap *h)
{
	ev_timer_stop(h->loop, &h->rest);
	h->left = 0;
	malloc_trim(0);
}

static void on_rest(EV_P_ ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	give_back(w->data);
}

void heap_init(struct heap *h, struct ev_loop *loop)
{
	*h = (struct heap){ .loop = loop };
	ev_init(&h->rest, on_rest);
	h->rest.data = h;
}

void heap_stop(struct heap *h)
{
	ev_timer_stop(h->loop, &h->rest);
}

void heap_left(struct heap *h)
{
	h->left++;
	if (h->left == 1) {
		/* Set again: a timer that has been stopped has lost its time. */
		ev_timer_set(&h->rest, REST, 0);
		ev_timer_start(h->loop, &h->rest);
	} else if (h->left == CROWD) {
		give_back(h);
	}
}
