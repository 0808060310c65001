/* SPDX-License-Identifier: MIT */
/* listen.h - opens what the configuration says to listen on, and says why it cannot. */
#ifndef SERVER_LISTEN_H
#define SERVER_LISTEN_H

#include "server.h"

/* Open all listeners of S's configuration.  0, or the exit code, the reason on stderr. */
int listen_open(struct server *s);

/* Close them all. */
void listen_close(struct server *s);

/* Their real addresses, ", " between them; OUT of CAP bytes, returned. */
const char *listen_text(const struct server *s, char *out, size_t cap);

#endif
