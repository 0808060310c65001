/* SPDX-License-Identifier: MIT */
/* listen_passed.h - what systemd has passed, held against the entries that name it. */
#ifndef SERVER_LISTEN_PASSED_H
#define SERVER_LISTEN_PASSED_H

#include "listen.h"

/* Is there one of the name that CONF wants, and is each what clients connect to?  Else it
 * is said on F. */
bool listen_passed_check(FILE *f, const struct listen_conf *conf,
			 const struct passed *passed);

/* Log what S was passed and does not use: it may wait for us with clients in its queue.
 */
void listen_passed_warn(const struct server *s);

#endif
