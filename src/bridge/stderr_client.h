/* SPDX-License-Identifier: MIT */
/*
 * stderr_client.h - stderr = client: each line that a program writes to its standard
 * error is a message of its own for all its clients (framing_json_stderr() says its
 * looks).
 *
 * A program is read no faster than its clients take it, as with its output.
 */
#ifndef BRIDGE_STDERR_CLIENT_H
#define BRIDGE_STDERR_CLIENT_H

#include <stdint.h>

#include "charset.h"
#include "stderr_lines.h"

struct hub;

struct stderr_client {
	struct stderr_lines lines;
	struct charset *charset; /* of what is written; NULL: UTF-8 */
	uint64_t *dropped;       /* the caller's count of lines */
};

/* For a program of H.  0 or -ENOMEM. */
int stderr_client_open(struct stderr_client *c, const struct hub *h, uint64_t *dropped);

/* How many bytes may be read now. */
size_t stderr_client_room(const struct hub *h);

/* N bytes at P that a program of H wrote; a client may go with that. */
void stderr_client_feed(struct stderr_client *c, struct hub *h, const char *p, size_t n);

/* No more will come. */
void stderr_client_end(struct stderr_client *c, struct hub *h);

void stderr_client_free(struct stderr_client *c);

#endif
