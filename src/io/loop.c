/* SPDX-License-Identifier: MIT */
/* A libev loop on epoll that survives a want of memory. */
#include <stdlib.h>

#include "loop.h"

#define RESERVE (64 * 1024)

/* libev ends the process when it gets no memory: this is for its next growth, and clients
 * that come after it are refused for want of their own. */
static void *reserve;

static void *grow(void *p, long n)
{
	void *grown;

	if (n == 0) {
		free(p);
		return NULL;
	}
	grown = realloc(p, (size_t)n);
	if (!grown) {
		free(reserve);
		reserve = NULL;
		grown = realloc(p, (size_t)n);
	}
	if (!reserve)
		reserve = malloc(RESERVE);
	return grown;
}

static struct ev_async wake;

static void on_wake(EV_P_ ev_async *w, int revents)
{
	(void)loop;
	(void)w;
	(void)revents;
}

/* Called before the loop sleeps.  What epoll_ctl(2) has refused is pending already, but
 * libev would sleep on it. */
static void before_sleep(EV_P) EV_NOEXCEPT
{
	if (ev_pending_count(EV_A) > 0)
		ev_async_send(EV_A_ & wake);
}

static void after_sleep(EV_P) EV_NOEXCEPT
{
	(void)loop;
}

struct ev_loop *loop_new(void)
{
	struct ev_loop *loop;

	ev_set_allocator(grow);
	/* Not the default loop, nor LIBEV_FLAGS from the environment: they could choose
	 * select(2).  Signals are read from a descriptor: a handler costs each program
	 * that ends a signal frame, a write to wake the loop, and a turn of it. */
	loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV | EVFLAG_SIGNALFD);
	if (!loop)
		return NULL;
	ev_async_init(&wake, on_wake);
	ev_async_start(EV_A_ & wake);
	ev_unref(EV_A);
	ev_set_loop_release_cb(EV_A_ before_sleep, after_sleep);
	return loop;
}

void loop_free(struct ev_loop *loop)
{
	if (loop)
		ev_loop_destroy(loop);
	free(reserve);
	reserve = NULL;
}
