/* SPDX-License-Identifier: MIT */
/* client_impl.h - the client as client.c and upgrade.c share it. */
#ifndef SERVER_CLIENT_IMPL_H
#define SERVER_CLIENT_IMPL_H

#include "handshake.h"
#include "server.h"
#include "stream.h"

enum client_state {
	CLIENT_READING,   /* the head comes in */
	CLIENT_ANSWERING, /* the answer goes out */
	CLIENT_LINGERING, /* it has; the client's end is awaited, so that no RST eats it
			   */
	CLIENT_DEAD,
};

struct client {
	struct server *server;
	enum client_state state;
	struct stream stream;
	ev_timer deadline;
	uint64_t id;
	struct addr peer;
	bool on_loopback; /* it came to a loopback listener */
	bool counted;     /* in server->peers */
	unsigned of_peer; /* connections that its address had with it */
	struct buf head;  /* received so far */
	struct http http;
	char *path;     /* decoded; NULL until then, and when it cannot be */
	struct buf out; /* the answer */
	TAILQ_ENTRY(client) link;
};

/* The prefix of its log lines; OUT has room for SESSION_WHO bytes, returned. */
const char *client_who(const struct client *c, char *out);

/* ---- answer.c ---- */

/* Answer STATUS with REASON in a line of text, and log it. */
void answer_error(struct client *c, int status, const char *reason);

/* An ordinary GET or HEAD: the pages. */
void answer_page(struct client *c, const struct route *route);

/* ---- upgrade.c ---- */

/* A legal upgrade to the WebSocket of ROUTE: a session, or the answer why not. */
void upgrade(struct client *c, struct route *route, const struct handshake *hs);

#endif
