/* SPDX-License-Identifier: MIT */
/* thread.h - threads for work that would hold up the event loop. */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/* Call RUN with DATA in a new thread, in which all signals are blocked.  0 or -errno. */
int thread_start(pthread_t *ret, void *(*run)(void *data), void *data);

/* Lower the priority of the calling thread, so that it does not slow down the loop and
 * those connected already. */
void thread_stand_back(void);

/* Wait for the end of T, SECONDS at the most.  False: it goes on. */
bool thread_join(pthread_t t, unsigned seconds);

#endif
