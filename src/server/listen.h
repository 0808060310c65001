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

/* The exit code of the daemon that cannot listen, by the -errno ERROR. */
int listen_exit_code(int error);

/* The same in words: who has the address AT, if somebody does (NULL: there is none).  OUT
 * has room for LISTEN_WHY bytes; returned. */
#define LISTEN_WHY 160
const char *listen_why(const struct addr *at, int error, char *out);

/* Say on F that CONF cannot be listened on, and WHY. */
void listen_tell_failure(FILE *f, const struct listen_conf *conf, const char *why);

/* Close them all. */
void listen_close(struct server *s);

/* Their real addresses, ", " between them; OUT of CAP bytes, returned. */
const char *listen_text(const struct server *s, char *out, size_t cap);

/* Tell where S listens now, for those who follow the events. */
void listen_tell(const struct server *s);

/* ---- listen_off.c ---- */

/* A listener that was told to be off. */
struct listen_off {
	char *text;     /* of its entry */
	struct addr at; /* where it was; len 0: nowhere */
	bool on;        /* listen_on() is about to open it */
};

/*
 * Close that which NAME is: the entry as the configuration has it, or its real address;
 * NULL: all.  A new configuration does not open it, with NULL none at all, until
 * listen_on().  0, -ENOENT or -ENOMEM.
 */
int listen_off(struct server *s, const char *name);

/* Open it again, where the kernel has picked a port the same one.  0; -ENOENT; -EIO: what
 * fails is told on ERR, and all stays as it was. */
int listen_on(struct server *s, const char *name, FILE *err);

/* Was the entry TEXT told to be off? */
bool listen_is_off(const struct server *s, const char *text);

/* Free the list of those that are off. */
void listen_forget(struct server *s);

#endif
