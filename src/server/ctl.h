/* SPDX-License-Identifier: MIT */
/*
 * ctl.h - the control socket: JSON-RPC 2.0 over a Unix stream socket, one object a line.
 *
 * The requests of one client are answered in their order, one after the other.  A client
 * that is slow, sends garbage or vanishes costs a bounded buffer, and nobody waits for
 * it.
 */
#ifndef SERVER_CTL_H
#define SERVER_CTL_H

#include <stdio.h>

#include "privileges.h"
#include "server.h"

/*
 * Let control clients connect where CONF says, and nowhere else.  0, or the exit code,
 * the reason on ERR; then all is as before.  Where CONF leaves the place to us, failing
 * is a warning on ERR.  Clients that are connected stay.
 */
int ctl_change(struct server *s, const struct conf *conf, FILE *err);

/* Before root becomes ID: hand the socket over to ID, and its directory if root made
 * it. */
void ctl_give(struct server *s, const struct identity *id);

/* Undo ctl_change(): CONF, for which it was called, is not taken after all. */
void ctl_change_back(struct server *s, const struct conf *conf);

/* The end: drop all clients, remove the socket. */
void ctl_close(struct server *s);

/* Before the loop sleeps: free the clients that have ended. */
void ctl_reap(struct server *s);

/* A control client has come (a listener_accepted; DATA is the server). */
void ctl_accepted(void *data, int fd, const struct addr *peer,
		  const struct listener_conf *at);

#endif
