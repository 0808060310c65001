/* SPDX-License-Identifier: MIT */
/* hooks.h - the programs of [hooks]: they decide on requests, and hear of sessions. */
#ifndef SERVER_HOOKS_H
#define SERVER_HOOKS_H

#include "client_impl.h"
#include "hook_answer.h"

/* What on_request has said of a client's request. */
struct verdict {
	char *bytes; /* that ANSWER lies in */
	struct hook_answer answer;
	char headers[HOOK_ANSWER_MOST + 2 * HOOK_ANSWER_FIELDS]; /* each with CR LF */
};

void verdict_free(struct verdict *v); /* NULL is a no-op */

/*
 * Ask on_request about C's request for ROUTE.  STEP_NEXT: there is no such hook.
 * STEP_AGAIN: request_resume() will tell; when it goes on, c->verdict is there.
 * STEP_END: it is answered.
 */
enum step hooks_ask(struct client *c, const struct route *route);

/* A session has begun, or ended: tell the hooks of it. */
void hooks_opened(struct server *s, const struct session *session);
void hooks_closed(struct server *s, const struct session *session);

#endif
