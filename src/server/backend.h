/* SPDX-License-Identifier: MIT */
/* backend.h - what is behind a path: its source, opened for a client before the 101. */
#ifndef SERVER_BACKEND_H
#define SERVER_BACKEND_H

#include "client_impl.h"
#include "hub.h"

/* What a source is opened for. */
struct backend_start {
	struct server *server;
	struct route *route;
	struct hub *hub;
	struct client *client; /* whose it is; NULL: it is for many, or nobody is there */
	const struct handshake *handshake; /* the client's */
	const char *user;                  /* whose it is, or NULL */
	uint64_t id;                       /* of the client; or one of its own */
};

/* What is behind P, for a page that everybody may see: the program's name, or a word
 * like "files". */
const char *backend_name(const struct path_conf *p);

/* What it is called in the log, behind an article: "program", "connection"; static. */
const char *backend_noun(const struct route *route);

/* Why one more client gets none, in words for it: max_processes are running, or
 * spawn_rate is used up.  Static. */
const char *backend_why_many(const struct route *route);
const char *backend_why_often(const struct route *route);

/* The size of ROUTE's terminal for C (NULL: for no client in particular); 0, 0: it has
 * no terminal.  False: C asks for an impossible size, which is a bad request. */
bool backend_terminal(const struct client *c, const struct route *route,
		      struct terminal_size *ret);

/*
 * Give B's hub its source, as its route is configured.  0: it is attached, and open, or
 * opening (hub->opening): hub_wait() tells.  Or -errno, which is logged: the hub has no
 * source; *ret_why are static words for a client.
 */
int backend_open(const struct backend_start *b, const char **ret_why);

/* Make what the paths of S's snapshot need before their first client: their FIFOs, so
 * that a writer who comes first does not make a file.  Failures are logged. */
void backend_prepare(struct server *s);

/* C's source did not open, with the -errno ERROR and WHY (static): C is answered. */
void backend_refuse(struct client *c, int error, const char *why);

#endif
