/* SPDX-License-Identifier: MIT */
/*
 * terminal.h - the size of a terminal, as the subprotocol terminal.wsbridge, a URL's
 * query and the ini have it.
 *
 * In terminal.wsbridge binary messages are keys and output, text messages are control
 * objects: {"rows":24,"cols":80}, from the client to set the size and from the server to
 * tell it.
 */
#ifndef PROTO_TERMINAL_H
#define PROTO_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "span.h"

#define TERMINAL_SUBPROTOCOL "terminal.wsbridge"

/* Rows and columns are 1 to TERMINAL_MOST each. */
#define TERMINAL_MOST 1000

struct terminal_size {
	unsigned short rows, cols; /* 0, 0: there is none */
};

/* Read a control object: a JSON object with the members rows and cols, and no other.
 * False, and *ret_reason says why in words for a close frame. */
bool terminal_read_control(const char *p, size_t n, struct terminal_size *ret,
			   const char **ret_reason);

#define TERMINAL_CONTROL 32 /* room for a control object */

/* Write a control object to OUT (TERMINAL_CONTROL bytes): its length. */
size_t terminal_write_control(struct terminal_size size, char *out);

/* Set *SIZE to what a URL's QUERY says by rows=R and cols=C, as far as it does.
 * False: one of them is no number from 1 to TERMINAL_MOST. */
bool terminal_read_query(struct span query, struct terminal_size *size);

/* Read ROWSxCOLS, as "24x80". */
bool terminal_read_size(const char *text, struct terminal_size *ret);

#endif
