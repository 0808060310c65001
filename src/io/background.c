/* SPDX-License-Identifier: MIT */
/* One piece of work that takes its time, done while the loop goes on. */
#include <stdlib.h>

#include "background.h"
#include "thread.h"

#define PATIENCE 2 /* seconds, at the end */

struct background {
	struct ev_loop *loop;
	ev_async over; /* the work */
	void (*work)(void *data);
	void (*done)(void *data);
	void *data;
	pthread_t thread;
	bool threaded;

	pthread_mutex_t lock; /* over what follows */
	bool ending;          /* the loop may be gone */
};

/* ---- in the thread ---- */

static void *run(void *data)
{
	struct background *b = data;

	thread_stand_back();
	b->work(b->data);
	pthread_mutex_lock(&b->lock);
	if (!b->ending)
		ev_async_send(b->loop, &b->over);
	pthread_mutex_unlock(&b->lock);
	return NULL;
}

/* ---- in the loop ---- */

static void release(struct background *b)
{
	ev_async_stop(b->loop, &b->over);
	pthread_mutex_destroy(&b->lock);
	free(b);
}

static void on_over(EV_P_ ev_async *w, int revents)
{
	struct background *b = w->data;
	void (*done)(void *data) = b->done;
	void *data = b->data;

	(void)loop;
	(void)revents;
	if (b->threaded)
		pthread_join(b->thread, NULL);
	release(b);
	done(data);
}

struct background *background_begin(struct ev_loop *loop, void (*work)(void *data),
				    void (*done)(void *data), void *data)
{
	struct background *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->loop = loop;
	b->work = work;
	b->done = done;
	b->data = data;
	pthread_mutex_init(&b->lock, NULL);
	ev_async_init(&b->over, on_over);
	b->over.data = b;
	ev_async_start(loop, &b->over);
	b->threaded = thread_start(&b->thread, run, b) == 0;
	if (!b->threaded) {
		work(data);
		ev_async_send(loop, &b->over);
	}
	return b;
}

bool background_end(struct background *b)
{
	pthread_mutex_lock(&b->lock);
	b->ending = true;
	pthread_mutex_unlock(&b->lock);
	if (b->threaded && !thread_join(b->thread, PATIENCE))
		return false;
	release(b);
	return true;
}
