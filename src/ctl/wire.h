/* SPDX-License-Identifier: MIT */
/* wire.h - a client's byte stream that never waits, plain or through TLS. */
#ifndef CTL_WIRE_H
#define CTL_WIRE_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "ws_url.h"

struct wire_tls_conf {
	bool insecure;      /* any certificate will do */
	const char *cacert; /* PEM file of trusted certificates; NULL: the system's */
	const char *cert;   /* of the client, PEM; NULL: none */
	const char *key;    /* NULL: in the same file */
};

struct wire {
	int fd;
	SSL_CTX *context;      /* NULL: plain */
	SSL *ssl;              /* likewise */
	bool read_needs_write; /* reading goes on when the socket takes more */
	bool write_needs_read;
	bool broken; /* OpenSSL must not be asked for anything any more */
};

/*
 * Connect to where U says, until the time END (sys_now()).  False: there is nobody, or
 * not who should be there, and that has been said.  End W with wire_close() in any case.
 */
bool wire_open(struct wire *w, const struct ws_url *u, const struct wire_tls_conf *conf,
	       double end);

/* Bytes read; 0: the end; -EAGAIN, or -errno (-EPROTO: what OpenSSL says). */
ssize_t wire_read(struct wire *w, void *p, size_t n);

/* Bytes written, -EAGAIN or -errno. */
ssize_t wire_write(struct wire *w, const void *p, size_t n);

/* The poll(2) events to wait for in order to READ or WRITE. */
short wire_events(const struct wire *w, bool read, bool write);

/* Has TLS bytes to read that poll(2) does not know of? */
bool wire_pending(const struct wire *w);

/* Wait until EVENTS, or END.  False: END. */
bool wire_wait(const struct wire *w, short events, double end);

void wire_close(struct wire *w);

/* ---- wire_tls.c ---- */

/* Make the connected W speak TLS to the host of U.  False: said why not. */
bool wire_tls_begin(struct wire *w, const struct ws_url *u,
		    const struct wire_tls_conf *conf);

/* Go on with the handshake: 0 when it is over, -EAGAIN when the socket has to be waited
 * for, -1: it has failed, and why has been said. */
int wire_tls_handshake(struct wire *w, const struct ws_url *u);

ssize_t wire_tls_read(struct wire *w, void *p, size_t n);
ssize_t wire_tls_write(struct wire *w, const void *p, size_t n);
void wire_tls_close(struct wire *w);

#endif
