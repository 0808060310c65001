/* SPDX-License-Identifier: MIT */
/* relay.h - relays standard input to an open WebSocket, and the WebSocket to standard
 * output, until it is closed. */
#ifndef CTL_RELAY_H
#define CTL_RELAY_H

#include "buf.h"
#include "wire.h"

/* What to send at the end of standard input. */
enum relay_end {
	RELAY_HALF_CLOSE, /* an empty binary message: no more input, the answer may come
			   */
	RELAY_CLOSE,      /* a close frame */
	RELAY_STAY,       /* nothing */
};

struct relay_conf {
	bool raw; /* bytes as they come; else each line is a message */
	enum relay_end at_end;
	double ping; /* seconds between two pings; 0: none */
};

/* How it ended. */
struct relay_close {
	unsigned code; /* of the close frame that came; CLOSE_ABNORMAL: none, and why has
			  been said */
	char reason[124];
};

/* Relay on W, from which GOT (emptied) has already come.  SIGINT, SIGTERM and SIGHUP
 * close with 1001, and the second of them ends the process. */
void relay_run(struct wire *w, struct buf *got, const struct relay_conf *conf,
	       struct relay_close *ret);

#endif
