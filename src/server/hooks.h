/* SPDX-License-Identifier: MIT */
/* hooks.h - the programs of [hooks]: they decide on requests, and are told of
 * sessions. */
#ifndef SERVER_HOOKS_H
#define SERVER_HOOKS_H

#include "client_impl.h"
#include "hook_answer.h"

/* What on_request has said of a client's request. */
struct verdict {
	char *bytes; /* what ANSWER points into */
	struct hook_answer answer;
};

void verdict_free(struct verdict *v); /* NULL is a no-op */

/*
 * Ask on_request about C's request for ROUTE.  STEP_NEXT: there is no such hook.
 * STEP_AGAIN: request_resume() is called with the answer; if that lets C go on,
 * c->verdict is set.  STEP_END: C is answered.
 */
enum step hooks_ask(struct client *c, const struct route *route);

/* Put the hook's choice of a subprotocol into HS.  False: the client does not offer
 * it, and C is answered. */
bool hooks_decided(struct client *c, struct handshake *hs);

/* ---- for whoever else asks a program ---- */

/* Begin, in the server's struct cgi, the environment of a program that is told of
 * EVENT and of C's request for ROUTE. */
void hooks_describe(struct client *c, const char *event, const struct route *route);

/* Run HOW with that environment.  0, or -errno, which is logged. */
int hooks_run(struct server *s, const struct hook_start *how, struct hook **ret);

/* A program's decision. */
enum hook_said {
	HOOK_YES,    /* its output may say more */
	HOOK_NO,     /* by its exit status */
	HOOK_LATE,   /* not in time */
	HOOK_FAILED, /* not at all: it is logged */
};

/* What the program called NAME has decided about C, as END tells. */
enum hook_said hooks_said(const struct client *c, const char *name,
			  const struct hook_end *end);

/* Read the N bytes at TEXT as hook_answer_read() does; what is wrong is logged. */
bool hooks_read(const struct client *c, const char *name, char *text, size_t n,
		struct hook_answer *ret);

/* Add the header lines of A to C's answer.  False: out of memory. */
bool hooks_add_fields(struct client *c, const struct hook_answer *a);

/* Choose the subprotocol that A, the answer of the program called NAME, asks for.
 * False: C does not offer it, which is logged. */
bool hooks_choose(const struct client *c, const char *name, const struct hook_answer *a,
		  struct handshake *hs);

/* ---- sessions ---- */

/* Run on_open or on_close for SESSION, which has begun or ended. */
void hooks_opened(struct server *s, const struct session *session);
void hooks_closed(struct server *s, const struct session *session);

#endif
