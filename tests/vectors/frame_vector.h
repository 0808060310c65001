/* SPDX-License-Identifier: MIT */
/* clang-format off */
/*
 * frame_vector.h - reads frame vectors: text that says, these bytes in, these events out.
 *
 * A line begins with a word; blank lines and lines that begin with # are skipped.
 *
 *   case NAME            begins a vector
 *   limit N              max_message (default 0: none)
 *
 * Bytes, in the order of the lines:
 *   frame [fin] [rsv1] [rsv2] [rsv3] OPCODE [mask=KEY|unmasked] [len=N] [form=BITS] DATA
 *                        OPCODE: text binary cont close ping pong, or op0 ... opf
 *                        KEY: 8 hex digits, default 37fa213d
 *                        len: the length announced, default that of DATA
 *                        form: 7, 16 or 64 bits of length, default the fewest
 *   hex DATA...          bytes as they are
 *   cut N                take the last N bytes back
 *   here                 the byte before is the one that ends the connection
 *
 * Events wanted, in order; pieces are joined, a message that never ends is not told:
 *   text DATA... | binary DATA... | ping DATA... | pong DATA...
 *   close CODE DATA...   code 1005: an empty close frame
 *   fail CODE
 *   nothing              no event at all
 *
 *   second WHY           libwslay disagrees: the reason, with the RFC's section
 *   repeat N LINE        LINE N times, when it is bytes or events
 *
 * DATA is a row of "text" with the escapes \" \\ \n \r \0 \xHH, of hex digits, of code=N
 * (two bytes); each may end in *N: so many times.
 */
/* clang-format on */
#ifndef VECTORS_FRAME_VECTOR_H
#define VECTORS_FRAME_VECTOR_H

#include "buf.h"
#include "ws.h"

/* A list of events, each with its own copy of the payload. */
struct told {
	struct told_event *events;
	size_t n, cap;
};

struct told_event {
	enum ws_event_type type;
	enum opcode opcode; /* WS_DATA */
	unsigned code;      /* WS_CLOSE, WS_FAIL */
	struct buf data;
};

struct frame_vector {
	char *name;
	const char *file;
	unsigned line;
	size_t limit;
	struct buf bytes;
	size_t here; /* SIZE_MAX: not said */
	bool nothing;
	struct told want;
	char *second; /* NULL: libwslay agrees */
};

struct frame_vectors {
	struct frame_vector *v;
	size_t n;
};

/* All vectors of FILE, added to ALL.  A line that is wrong ends the program with
 * FILE:LINE. */
void frame_vectors_read(struct frame_vectors *all, const char *file);
void frame_vectors_free(struct frame_vectors *all);

/* Append what the DATA in TEXT stands for; what is wrong ends the program with FILE:LINE.
 */
void vector_data(const char *file, unsigned line, char *text, struct buf *out);

void told_add(struct told *told, enum ws_event_type type, enum opcode opcode,
	      unsigned code, const char *p, size_t n);
bool told_equal(const struct told *a, const struct told *b);
void told_free(struct told *told);

/* The TAP of a program that has the files ARGV: of each vector whether it PASSES, behind
 * TITLE its name.  The exit code. */
int frame_vectors_run(int argc, char **argv, const char *title,
		      bool (*passes)(const struct frame_vector *v));

/* Print the list as TAP comments, TITLE first. */
void told_print(const struct told *told, const char *title);

#endif
