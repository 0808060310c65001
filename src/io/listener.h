/* SPDX-License-Identifier: MIT */
/* listener.h - accepts clients; pauses itself when descriptors run out or too many come.
 */
#ifndef IO_LISTENER_H
#define IO_LISTENER_H

#include <ev.h>
#include <stdbool.h>

#include "addr.h"
#include "stream.h"

/* `redirect` to the port of a listener that speaks TLS. */
#define REDIRECT_TLS (-1)

/* Where and how to listen, and what becomes of the clients. */
struct listener_conf {
	struct addr at;
	int backlog;
	int mode;          /* of a Unix socket, -1: by umask */
	const char *group; /* of a Unix socket, or NULL */
	double rate;       /* clients a second, 0: no limit */
	int redirect; /* its clients are sent to https at this port; 0: they are served */
	bool proxy;   /* a PROXY header comes before the client's first byte */
	bool tls;     /* they speak TLS, ... */
	const char *tls_name; /* ... with the settings [tls NAME]; NULL: with those of the
				 name that they ask for.  The caller's, until
				 listener_adjust() */
	int passed;  /* a socket that listens at `at` already, the caller's; 0: none */
	bool shared; /* SO_REUSEPORT: other processes may have the same port */
	size_t receive_buffer; /* bytes, of its clients' sockets; 0: up to the kernel */
	size_t send_buffer;    /* the same */
	struct stream_conf stream; /* of its clients; not for a Unix socket */
};

struct listener;

/* A client has connected to a listener.  FD, non-blocking, is the callee's; LISTENER
 * is its configuration with the port really bound. */
typedef void listener_accepted(void *data, int fd, const struct addr *peer,
			       const struct listener_conf *listener);

/*
 * Listen as CONF says (copied but for `group`, which is used here only).  A Unix socket
 * that nobody answers is replaced.  A passed socket stays as it is, but for what
 * listener_adjust() changes, and open when the listener is freed.  The listener is yours;
 * 0, or -errno (-EADDRINUSE also for a Unix socket that somebody answers).
 */
int listener_open(struct ev_loop *loop, const struct listener_conf *conf,
		  listener_accepted *accepted, void *data, struct listener **ret);

/* Apply CONF to L from now on: all but the address, whether it is shared, and how a
 * Unix socket's file or a passed socket is.  True: the backlog or the buffers that the
 * kernel keeps have changed. */
bool listener_adjust(struct listener *l, const struct listener_conf *conf);

/* The buffers that the kernel has reserved for each client of L, as far as CONF sets
 * them: it doubles what it is asked for, for its own needs. */
void listener_buffers(const struct listener *l, size_t *ret_receive, size_t *ret_send);

/* The address really bound: its port is not 0. */
const struct addr *listener_addr(const struct listener *l);

/* Do the clients of L speak TLS? */
bool listener_is_tls(const struct listener *l);

/* Stop listening; a Unix socket's file goes too.  NULL is a no-op. */
void listener_free(struct listener *l);

#endif
