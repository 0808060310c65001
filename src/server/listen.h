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

/* The exit code of a daemon that cannot listen because of the -errno ERROR. */
int listen_exit_code(int error);

/* The reason in words: who has the address AT (NULL: there is none), if somebody does.
 * OUT has room for LISTEN_WHY bytes; returned. */
#define LISTEN_WHY 160
const char *listen_why(const struct addr *at, int error, char *out);

/* Say on F that CONF cannot be listened on, and WHY. */
void listen_tell_failure(FILE *f, const struct listen_conf *conf, const char *why);

/* Close all listeners. */
void listen_close(struct server *s);

/* The real addresses of all listeners, ", " between them; OUT of CAP bytes, returned. */
const char *listen_text(const struct server *s, char *out, size_t cap);

/* Tell those who follow the events where S listens now. */
void listen_tell(const struct server *s);

/* ---- listen_off.c ---- */

/* A listener that was switched off by command. */
struct listen_off {
	char *text;     /* its entry, as written */
	struct addr at; /* where it listened; len 0: nowhere */
	bool on;        /* listen_on() is about to open it */
};

/*
 * Switch off the listener NAME (its entry as written, or its real address), or with NULL
 * all of them, until listen_on(): it is closed, and a new configuration does not open it,
 * with NULL none at all.  0, -ENOENT or -ENOMEM.
 */
int listen_off(struct server *s, const char *name);

/* Switch it on again; a port that the kernel had picked stays the same.  0; -ENOENT;
 * or -EIO: the failure is told on ERR, and all stays as it was. */
int listen_on(struct server *s, const char *name, FILE *err);

/* Is the listener with the entry TEXT switched off? */
bool listen_is_off(const struct server *s, const char *text);

/* Free the list of those that are off. */
void listen_forget(struct server *s);

#endif
