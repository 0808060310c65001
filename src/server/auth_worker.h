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

/* Start the thread.  NULL: that was not possible. */
struct auth_worker *auth_worker_new(struct ev_loop *loop);

/* Forget all jobs, and end the thread; one that computes for too long is left behind. */
void auth_worker_free(struct auth_worker *w); /* NULL is a no-op */

/*
 * Compare PASSWORD with HASH, of crypt(5); both are copied.  In a later turn of the loop
 * DONE is called with DATA and whether they match.  The job, or NULL: MOST of them wait
 * or are under way already, PASSWORD is longer than crypt(3) takes, or out of memory.
 */
struct auth_job *auth_worker_check(struct auth_worker *w, struct span password,
				   const char *hash, unsigned most,
				   void (*done)(void *data, bool matches), void *data);

/* Forget the job; DONE is not called. */
void auth_job_cancel(struct auth_job *job);

#endif
