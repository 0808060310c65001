/* SPDX-License-Identifier: MIT */
/*
 * auth_exec.h - lets a program decide who a client is.
 *
 * At most max_running programs of one [auth NAME] run at a time; further questions wait,
 * up to max_checks of them.
 */
#ifndef SERVER_AUTH_EXEC_H
#define SERVER_AUTH_EXEC_H

#include "client_impl.h"
#include "credentials.h"
#include "hook_answer.h"

/* What the program has said of a client that it lets in. */
struct grant {
	struct hook_answer answer; /* its texts, and the user, lie in TEXT */
	char text[];
};

/* Ask the program of C's [auth NAME] about GIVEN, a password or a token.  STEP_WAIT, or
 * STEP_END: it is answered. */
enum step auth_exec_check(struct client *c, const struct credentials *given);

/* Put the program's choice of a subprotocol into HS.  False: the client does not offer
 * it, and C is answered. */
bool auth_exec_decided(struct client *c, struct handshake *hs);

/* Before the loop sleeps: start programs for which there is room by now. */
void auth_exec_proceed(struct auth *all);

/* At the end, when the loop does not run any more and no client is left. */
void auth_exec_free(struct auth *all);

#endif
