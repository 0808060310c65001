/* SPDX-License-Identifier: MIT */
/* tls_socket.h - the socket under TLS, as OpenSSL sees it. */
#ifndef IO_TLS_SOCKET_H
#define IO_TLS_SOCKET_H

#include <stdbool.h>

#include "buf.h"

struct bio_st; /* OpenSSL's BIO */

/* All zero but FD, which stays the caller's. */
struct tls_socket {
	int fd;
	unsigned reads_left; /* how often OpenSSL may still read; at 0 it is told EAGAIN,
				until this is set again */
	bool last;           /* what is written is the last, as stream_last() has it */
	bool ended;          /* the end of what comes has been read */
	struct buf ahead; /* read from FD ahead of OpenSSL; epoll does not tell of these
			     bytes */
};

/* The BIO by which OpenSSL reads and writes S, which outlives it.  NULL: out of
 * memory. */
struct bio_st *tls_socket_bio(struct tls_socket *s);

#endif
