/* SPDX-License-Identifier: MIT */
/* listener.h - accepts clients; pauses itself when descriptors run out or too many come.
 */
#ifndef IO_LISTENER_H
#define IO_LISTENER_H

#include <ev.h>
#include <stdbool.h>

#include "addr.h"
#include "stream.h"

/* For `redirect`: to the port of a listener that speaks TLS. */
#define REDIRECT_TLS (-1)

/* What a listener is made of. */
struct listener_conf {
	struct addr at;
	int backlog;
	int mode;          /* of a Unix socket, -1: by umask */
	const char *group; /* of a Unix socket, or NULL */
	double rate;       /* clients a second, 0: no limit */
	int redirect; /* its clients are sent to https at this port; 0: they are served */
	bool proxy;   /* a PROXY header comes before the client's first byte */
	bool tls;     /* they speak TLS, ... */
	const char *tls_name; /* ... as the settings of this name have it; NULL: of the
			       * name that they ask for.  The caller's, until
			       * listener_adjust() */
	int passed;  /* a socket at AT that listens already, the caller's; 0: none */
	bool shared; /* other processes that want it may listen there, too */
	size_t receive_buffer; /* of its clients' sockets, bytes; 0: as the kernel likes
				  ... */
	size_t send_buffer;    /* likewise */
	struct stream_conf stream; /* of their connections, unless it is a Unix socket */
};

struct listener;

/* A client has come to the LISTENER, whose port is the one really bound: FD
 * (non-blocking) is the callee's. */
typedef void listener_accepted(void *data, int fd, const struct addr *peer,
			       const struct listener_conf *listener);

/*
 * Listen as CONF says (copied but for `group`, used only now).  A Unix socket that nobody
 * answers is replaced; one that was passed stays as it is, but for what listener_adjust()
 * changes, and stays when the listener is freed, which then only leaves it.  The listener
 * is yours; 0, or -errno (EADDRINUSE also for a Unix socket that is alive).
 */
int listener_open(struct ev_loop *loop, const struct listener_conf *conf,
		  listener_accepted *accepted, void *data, struct listener **ret);

/* From now on L is as CONF says, but for where it listens, with whom, and what its
 * socket's file, or a socket that was passed, is like.  Did what the kernel keeps for it
 * change? */
bool listener_adjust(struct listener *l, const struct listener_conf *conf);

/* The bytes that the kernel reserves for what a client of L sends, and for what is sent
 * to it, where CONF says how many; it doubles them for its own needs. */
void listener_buffers(const struct listener *l, size_t *ret_receive, size_t *ret_send);

/* The address really bound (a port instead of 0). */
const struct addr *listener_addr(const struct listener *l);

/* Do the clients of L speak TLS? */
bool listener_is_tls(const struct listener *l);

/* Stop listening; a Unix socket's file goes too.  NULL is a no-op. */
void listener_free(struct listener *l);

#endif
