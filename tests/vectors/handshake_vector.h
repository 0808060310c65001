/* SPDX-License-Identifier: MIT */
/*
 * handshake_vector.h - reads handshake vectors, text files that say: this request, this
 * answer.
 *
 * Blank lines and lines that begin with # are skipped.  The others:
 *
 *   case: NAME             begins a vector
 *   server: WORD...        the server's subprotocols, best first (default: none)
 *   limit: N               max_header (default: 8192)
 *   > TEXT                 bytes of the request, with the escapes \r \n \t \0 \\ \xHH;
 * the line's own end is none of them *N> TEXT               the same N times expect:
 * WORD...        each must be among those that the runner tells: 101 accept=TEXT
 * subprotocol=TEXT      a WebSocket ("-": no subprotocol) http an ordinary request 400
 * (or another status)               refused more                                  the
 * head is not complete path=TEXT query=TEXT host=TEXT rest=N with 101 and http: parts of
 * the target, still encoded,
 *                                             ("-": no query, no host) and the bytes
 * after the head second: accepts|refuses|either (WHY)      npm ws sees it differently:
 * the reason, with the RFC's section; read by second_handshake.js
 */
#ifndef VECTORS_HANDSHAKE_VECTOR_H
#define VECTORS_HANDSHAKE_VECTOR_H

#include "buf.h"

struct handshake_vector {
	char *name;
	const char *file;
	unsigned line;
	char **server; /* NULL-terminated, or NULL */
	size_t limit;
	struct buf bytes;
	char **expect; /* words, NULL-terminated */
};

struct handshake_vectors {
	struct handshake_vector *v;
	size_t n;
};

/* All vectors of FILE, added to ALL.  A line that is wrong ends the program with
 * FILE:LINE. */
void handshake_vectors_read(struct handshake_vectors *all, const char *file);
void handshake_vectors_free(struct handshake_vectors *all);

#endif
