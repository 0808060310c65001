/* SPDX-License-Identifier: MIT */
/* auth.h - who is a client, and may they open this path? */
#ifndef SERVER_AUTH_H
#define SERVER_AUTH_H

#include <sys/queue.h>

#include "auth_worker.h"
#include "backoff.h"

/* The state that the checks of all clients share. */
struct auth {
	struct backoff backoff;
	struct auth_worker *worker; /* NULL until a password is to be checked */
	LIST_HEAD(, auth_pool) pools;
};

/* Before the loop sleeps. */
void auth_proceed(struct auth *a);

void auth_free(struct auth *a);

#endif
