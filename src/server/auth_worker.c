/* SPDX-License-Identifier: MIT */
/* Computes slow password hashes in a thread of its own. */
#include <crypt.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "auth_worker.h"
#include "thread.h"

#define PATIENCE 2 /* seconds, at the end, for the job under way */

struct auth_job {
	struct auth_worker *worker;
	char password[CRYPT_MAX_PASSPHRASE_SIZE], hash[CRYPT_OUTPUT_SIZE];
	bool matches;
	void (*done)(void *data, bool matches); /* the loop's; NULL: cancelled */
	void *data;
	TAILQ_ENTRY(auth_job) link;
};

TAILQ_HEAD(jobs, auth_job);

struct auth_worker {
	struct ev_loop *loop;
	ev_async finished; /* tells the loop of checked */
	unsigned count;    /* jobs in all; the loop's alone */
	pthread_t thread;
	struct crypt_data crypt; /* the thread's alone */

	pthread_mutex_t lock; /* over what follows */
	pthread_cond_t wake;
	struct jobs waiting, checked;
	struct auth_job *current;
	bool ending;
};

static void job_free(struct auth_job *job)
{
	job->worker->count--;
	explicit_bzero(job, sizeof(*job));
	free(job);
}

/* ---- in the thread ---- */

static bool matches(struct crypt_data *crypt, const struct auth_job *job)
{
	const char *hash = crypt_rn(job->password, job->hash, crypt, sizeof(*crypt));
	size_t n = strlen(job->hash);

	return hash && strlen(hash) == n && CRYPTO_memcmp(hash, job->hash, n) == 0;
}

/* The next job, taken off the queue; NULL: the end.  With the lock. */
static struct auth_job *next_job(struct auth_worker *w)
{
	while (!w->ending && TAILQ_EMPTY(&w->waiting))
		pthread_cond_wait(&w->wake, &w->lock);
	w->current = w->ending ? NULL : TAILQ_FIRST(&w->waiting);
	if (w->current)
		TAILQ_REMOVE(&w->waiting, w->current, link);
	return w->current;
}

static void *work(void *data)
{
	struct auth_worker *w = data;
	struct auth_job *job;

	thread_stand_back();
	pthread_mutex_lock(&w->lock);
	while ((job = next_job(w))) {
		pthread_mutex_unlock(&w->lock);
		job->matches = matches(&w->crypt, job);
		explicit_bzero(&w->crypt, sizeof(w->crypt));
		pthread_mutex_lock(&w->lock);
		w->current = NULL;
		TAILQ_INSERT_TAIL(&w->checked, job, link);
		if (!w->ending) /* else the loop may be gone */
			ev_async_send(w->loop, &w->finished);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* ---- in the loop ---- */

static struct auth_job *take_checked(struct auth_worker *w)
{
	struct auth_job *job;

	pthread_mutex_lock(&w->lock);
	job = TAILQ_FIRST(&w->checked);
	if (job)
		TAILQ_REMOVE(&w->checked, job, link);
	pthread_mutex_unlock(&w->lock);
	return job;
}

static void on_finished(EV_P_ ev_async *async, int revents)
{
	struct auth_worker *w = async->data;
	struct auth_job *job;

	(void)loop;
	(void)revents;
	while ((job = take_checked(w))) {
		void (*done)(void *data, bool matches) = job->done;
		void *owner = job->data;
		bool good = job->matches;

		job_free(job);
		if (done)
			done(owner, good);
	}
}

struct auth_job *auth_worker_check(struct auth_worker *w, struct span password,
				   const char *hash, unsigned most,
				   void (*done)(void *data, bool matches), void *data)
{
	struct auth_job *job;

	if (w->count >= most || password.n >= sizeof(job->password) ||
	    strlen(hash) >= sizeof(job->hash))
		return NULL;
	job = calloc(1, sizeof(*job));
	if (!job)
		return NULL;
	job->worker = w;
	memcpy(job->password, password.p, password.n);
	memcpy(job->hash, hash, strlen(hash));
	job->done = done;
	job->data = data;
	w->count++;
	pthread_mutex_lock(&w->lock);
	TAILQ_INSERT_TAIL(&w->waiting, job, link);
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	return job;
}

/* Take JOB off the queue, if the thread has not begun with it. */
static bool take_waiting(struct auth_worker *w, struct auth_job *job)
{
	struct auth_job *j;

	pthread_mutex_lock(&w->lock);
	TAILQ_FOREACH(j, &w->waiting, link)
		if (j == job)
			break;
	if (j)
		TAILQ_REMOVE(&w->waiting, j, link);
	pthread_mutex_unlock(&w->lock);
	return j;
}

void auth_job_cancel(struct auth_job *job)
{
	job->done = NULL; /* the thread does not look at it */
	if (take_waiting(job->worker, job))
		job_free(job);
}

/* ---- its beginning and end ---- */

struct auth_worker *auth_worker_new(struct ev_loop *loop)
{
	struct auth_worker *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->loop = loop;
	TAILQ_INIT(&w->waiting);
	TAILQ_INIT(&w->checked);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, NULL);
	ev_async_init(&w->finished, on_finished);
	w->finished.data = w;
	ev_async_start(loop, &w->finished);
	if (thread_start(&w->thread, work, w) == 0)
		return w;
	ev_async_stop(loop, &w->finished);
	free(w);
	return NULL;
}

static bool join(struct auth_worker *w)
{
	pthread_mutex_lock(&w->lock);
	w->ending = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	return thread_join(w->thread, PATIENCE);
}

static void free_jobs(struct jobs *jobs)
{
	struct auth_job *job;

	while ((job = TAILQ_FIRST(jobs))) {
		TAILQ_REMOVE(jobs, job, link);
		job_free(job);
	}
}

void auth_worker_free(struct auth_worker *w)
{
	if (!w || !join(w))
		return;
	ev_async_stop(w->loop, &w->finished);
	free_jobs(&w->waiting);
	free_jobs(&w->checked);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
