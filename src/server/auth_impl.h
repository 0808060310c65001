/* SPDX-License-Identifier: MIT */
/* auth_impl.h - how all kinds of auth refuse a client. */
#ifndef SERVER_AUTH_IMPL_H
#define SERVER_AUTH_IMPL_H

#include "client_impl.h"

/* What C has shown is wrong: 401, and its address has failed once more. */
enum step auth_fail(struct client *c, const char *reason, bool token_given);

/* The address of C has failed once more. */
void auth_count_failure(struct client *c);

/* C cannot be checked now: answer STATUS; the client is to come again in SECONDS (0:
 * as usual for the status). */
enum step auth_refuse_for_now(struct client *c, int status, const char *reason,
			      double seconds);

#endif
