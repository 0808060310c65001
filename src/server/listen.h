/* SPDX-License-Identifier: MIT */
/* listen.h - opens what the configuration says to listen on, and says why it cannot. */
#ifndef SERVER_LISTEN_H
#define SERVER_LISTEN_H

#include "server.h"

/*
 * Let S listen on what CONF says, and on nothing else: what is the same in S's present
 * configuration stays open, the rest is opened, then what is left over is closed.  0, or
 * the exit code, the reason on ERR; S then listens as before.
 */
int listen_change(struct server *s, const struct conf *conf, FILE *err);

/* One socket to listen on. */
struct listen_place {
	const struct listen_conf *conf; /* of the snapshot */
	int passed;                     /* one that systemd opened; 0: none */
};

/* Close them all. */
void listen_close(struct server *s);

/* Close them all until listen_on(): a new configuration opens none meanwhile. */
void listen_off(struct server *s);

/* Open again what the configuration says, where the kernel has picked a port the same
 * one. What fails is told on ERR, and s->deaf stays. */
void listen_on(struct server *s, FILE *err);

/* Their real addresses, ", " between them; OUT of CAP bytes, returned. */
const char *listen_text(const struct server *s, char *out, size_t cap);

/* Tell where S listens now, for those who follow the events. */
void listen_tell(const struct server *s);

#endif
