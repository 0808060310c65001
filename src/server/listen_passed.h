/* SPDX-License-Identifier: MIT */
/* listen_passed.h - compares the sockets that systemd has passed with the entries that
 * name them. */
#ifndef SERVER_LISTEN_PASSED_H
#define SERVER_LISTEN_PASSED_H

#include "listen.h"

/* Is there a socket of the name that CONF wants, and can clients connect to each of
 * them?  If not, that is said on F. */
bool listen_passed_check(FILE *f, const struct listen_conf *conf,
			 const struct passed *passed);

/* Warn of sockets that S was passed and does not use: clients may be waiting in their
 * queues. */
void listen_passed_warn(const struct server *s);

#endif
