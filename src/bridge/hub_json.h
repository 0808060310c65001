/* SPDX-License-Identifier: MIT */
/*
 * hub_json.h - frame = json: the hub's program hears of each client, and says whom a
 * message is for.
 *
 * framing_json.h has the lines.  What the program says to somebody who is not there (any
 * more) is counted; a line that is none is logged and skipped.
 */
#ifndef BRIDGE_HUB_JSON_H
#define BRIDGE_HUB_JSON_H

#include "hub.h"

struct hub_json;
struct session_start;

/* For a hub with a fan and with CONF, which outlives it.  NULL: out of memory. */
struct hub_json *hub_json_new(const struct hub_conf *conf);
void hub_json_free(struct hub_json *j); /* NULL is a no-op */

/* The program of H hears that S has come, of which START tells.  0; -ENOMEM; or -ENOBUFS:
 * it does not read its input.  Then it knows nothing of S, who may not stay. */
int hub_json_open(struct hub *h, struct session *s, const struct session_start *start);

/* Another program begins in the place of that of H: it hears nothing of the one before,
 * and then, once it runs, of all who are there. */
void hub_json_reset(struct hub *h);
void hub_json_again(struct hub *h);

/* ... that S has left, if it was told that S had come. */
void hub_json_close(struct hub *h, const struct session *s);

/* ... that S has ended its input. */
void hub_json_eof(struct hub *h, const struct session *s);

/* A whole message of S's for the program, gathered until hub_flush(). */
void hub_json_input(struct hub *h, const struct session *s, enum opcode opcode,
		    const char *p, size_t n);

/* N bytes of the program, the last of all with EOF. */
void hub_json_output(struct hub *h, const char *p, size_t n, bool eof);

#endif
