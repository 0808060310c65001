/* SPDX-License-Identifier: MIT */
/* Threads for work that would hold up the event loop. */
#include <signal.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "thread.h"

#define NICE 5 /* where the processor is busy: a third of the loop's share */

int thread_start(pthread_t *ret, void *(*run)(void *data), void *data)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(ret, NULL, run, data);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -err;
}

void thread_stand_back(void)
{
	id_t self = (id_t)gettid(); /* to Linux this thread is a process */

	(void)setpriority(PRIO_PROCESS, self, getpriority(PRIO_PROCESS, self) + NICE);
}

bool thread_join(pthread_t t, unsigned seconds)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += seconds;
	return pthread_clockjoin_np(t, NULL, CLOCK_MONOTONIC, &until) == 0;
}
