/* SPDX-License-Identifier: MIT */
/* thread.h - a thread beside the loop's, for what would hold that one up. */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/* RUN is called with DATA in a thread to which no signal comes.  0 or -errno. */
int thread_start(pthread_t *ret, void *(*run)(void *data), void *data);

/* The calling thread comes after the others: who is connected already does not wait for
 * it. */
void thread_stand_back(void);

/* Wait for the end of T, SECONDS at the most.  False: it goes on. */
bool thread_join(pthread_t t, unsigned seconds);

#endif
