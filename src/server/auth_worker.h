/* SPDX-License-Identifier: MIT */
/*
 * auth_worker.h - computes slow password hashes in a thread of its own, one after the
 * other, so that the loop never does.
 *
 * The thread sees nothing but the jobs in its queue; everything here is called by the
 * loop's thread.
 */
#ifndef SERVER_AUTH_WORKER_H
#define SERVER_AUTH_WORKER_H

#include <ev.h>
#include <stdbool.h>

#include "span.h"

struct auth_worker;
struct auth_job;

/* The thread is there, and idle.  NULL: it cannot be had. */
struct auth_worker *auth_worker_new(struct ev_loop *loop);

/* Forget all jobs, and end the thread; one that computes for too long is left behind. */
void auth_worker_free(struct auth_worker *w); /* NULL is a no-op */

/*
 * Compare PASSWORD with HASH, of crypt(5); both are copied.  Later, and not before the
 * loop turns, DONE is told with DATA if they go together.  The job, or NULL: MOST of them
 * wait or are under way already, PASSWORD is longer than crypt(3) takes, or out of
 * memory.
 */
struct auth_job *auth_worker_check(struct auth_worker *w, struct span password,
				   const char *hash, unsigned most,
				   void (*done)(void *data, bool matches), void *data);

/* DONE is not to be told. */
void auth_job_cancel(struct auth_job *job);

#endif
