/* SPDX-License-Identifier: MIT */
/*
 * client.h - a client from accept(2) to the decision: its request head, route, access
 * checks, the backend's start, and the 101, after which stream and hub are a session's;
 * or a plain HTTP answer.
 */
#ifndef SERVER_CLIENT_H
#define SERVER_CLIENT_H

#include "listener.h"

struct client;
struct server;

/* A new client of the server DATA: takes over FD, which is non-blocking (a
 * listener_accepted). */
void client_accepted(void *data, int fd, const struct addr *peer,
		     const struct listener_conf *listener);

/* Drop a client that is not a session yet. */
void client_drop(struct client *c);

/* The same for want of memory, which is logged. */
void client_drop_for_memory(struct client *c);

/* Only server.c: free what client_drop() or an answer's end has left. */
void client_free(struct client *c);

#endif
