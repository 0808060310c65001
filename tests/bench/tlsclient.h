/* SPDX-License-Identifier: MIT */
/* tlsclient.h - a TLS client whose reads and writes look like those of its socket. */
#ifndef TLSCLIENT_H
#define TLSCLIENT_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* What the connections of one run share: settings, and the session that they resume. */
struct tlsclient;

/* RESUME: all connections but those made before the first session came resume it; else
 * each makes a full handshake.  No certificate is checked.  Ends the program when OpenSSL
 * refuses. */
struct tlsclient *tlsclient_new(bool resume);
void tlsclient_free(struct tlsclient *client);

/* TLS on FD, which stays the caller's.  The first calls below make the handshake. */
SSL *tlsclient_open(struct tlsclient *client, int fd);
void tlsclient_close(SSL *ssl);

/* As read(2) and send(2) on a non-blocking socket.  A read takes all that is there. */
ssize_t tlsclient_read(SSL *ssl, void *p, size_t n);
ssize_t tlsclient_write(SSL *ssl, const void *p, size_t n);

/* Did the server decline the session that SSL, whose handshake is over, has offered? */
bool tlsclient_declined(SSL *ssl);

#endif
