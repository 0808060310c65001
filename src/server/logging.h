/* SPDX-License-Identifier: MIT */
/* logging.h - the daemon's log: where it goes, in which form, and when counts are told.
 */
#ifndef SERVER_LOGGING_H
#define SERVER_LOGGING_H

#include "server.h"

/* Once, before logging_apply(). */
void logging_init(struct server *s);

/* Log as the current snapshot says. */
void logging_apply(struct server *s);

/* Before the loop sleeps: start the timer for counts that have not been logged yet. */
void logging_proceed(struct server *s);

/* Log all counts; from now on the log goes to stderr, as plain text. */
void logging_end(struct server *s);

#endif
