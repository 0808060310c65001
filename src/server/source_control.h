/* SPDX-License-Identifier: MIT */
/* source_control.h - the control commands as a source of messages: who opens its path
 * gives commands, a text message each. */
#ifndef SERVER_SOURCE_CONTROL_H
#define SERVER_SOURCE_CONTROL_H

#include "caller.h"
#include "hub.h"

/* One start of it. */
struct control_start {
	struct server *server;
	enum rights rights; /* what the client may do */
	const char *who;    /* ... and who that is, for the log; copied */
	unsigned *running;  /* one more from now on, until it is gone */
};

/* Make H's source such a caller of commands.  H's framing is lines of text.  0 or
 * -ENOMEM. */
int source_control_open(struct hub *h, const struct control_start *start);

#endif
