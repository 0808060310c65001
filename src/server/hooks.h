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
};

void verdict_free(struct verdict *v); /* NULL is a no-op */

/*
 * Ask on_request about C's request for ROUTE.  STEP_NEXT: there is no such hook.
 * STEP_AGAIN: request_resume() will tell; when it goes on, c->verdict is there.
 * STEP_END: it is answered.
 */
enum step hooks_ask(struct client *c, const struct route *route);

/* Its choice of a subprotocol for HS.  False: that is not offered, and C is answered. */
bool hooks_decided(struct client *c, struct handshake *hs);

/* ---- for whoever else asks a program ---- */

/* Begin the server's environment of a program that hears of EVENT: C's request for ROUTE.
 */
void hooks_describe(struct client *c, const char *event, const struct route *route);

/* Run HOW in the server's environment.  0, or -errno: it is logged. */
int hooks_run(struct server *s, const struct hook_start *how, struct hook **ret);

/* How a program has decided. */
enum hook_said {
	HOOK_YES,    /* there is more in its output */
	HOOK_NO,     /* by its exit status */
	HOOK_LATE,   /* not in time */
	HOOK_FAILED, /* not at all: it is logged */
};

/* What the one called NAME has said about C by END. */
enum hook_said hooks_said(const struct client *c, const char *name,
			  const struct hook_end *end);

/* Read the N bytes at TEXT as hook_answer_read() does; what is wrong is logged. */
bool hooks_read(const struct client *c, const char *name, char *text, size_t n,
		struct hook_answer *ret);

/* The header lines of A go into C's answer.  False: out of memory. */
bool hooks_add_fields(struct client *c, const struct hook_answer *a);

/* The subprotocol of A, the answer of the one called NAME, is that of HS.  False: C does
 * not offer it, which is logged. */
bool hooks_choose(const struct client *c, const char *name, const struct hook_answer *a,
		  struct handshake *hs);

/* ---- sessions ---- */

/* A session has begun, or ended: tell the hooks of it. */
void hooks_opened(struct server *s, const struct session *session);
void hooks_closed(struct server *s, const struct session *session);

#endif
