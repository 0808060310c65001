/* SPDX-License-Identifier: MIT */
/* source_connect_impl.h - a service as source_connect.c, which lives with it, and
 * source_connect_open.c, which reaches it, share it. */
#ifndef BRIDGE_SOURCE_CONNECT_IMPL_H
#define BRIDGE_SOURCE_CONNECT_IMPL_H

#include "source_connect.h"

#define WHO_MAX 96

enum connect_state {
	CONNECT_OPENING,
	CONNECT_OPEN,     /* the hub needs it */
	CONNECT_ENDED,    /* it has said everything, or max_runtime is over; the hub knows
			   */
	CONNECT_FLUSHING, /* nobody needs it, but what was written to it still goes to it
			   */
	CONNECT_DRAINING, /* it has got everything and its end; its own is awaited, so
			   * that no RST eats the tail */
	CONNECT_GONE,
};

struct source_connect {
	struct source source;
	const struct connect_conf *conf;
	struct stream_conf tune;
	unsigned *running;
	enum connect_state state;
	struct dial *dial; /* CONNECT_OPENING */
	ev_io io;          /* fd -1: not open */
	struct late late;  /* it is read in another turn of the loop */
	struct buf kept;   /* for it */
	size_t queued;     /* of it, as stats has it */
	struct path_stats *stats;
	bool finishing;    /* its input ends after what is kept */
	bool input_ended;  /* it has got its end, or takes nothing more */
	bool output_ended; /* its own end has come */
	int error;         /* -errno of the connection; 0: none */
	ev_timer timer;    /* CONNECT_OPEN: max_runtime; later: patience */
	struct addr peer;  /* that it is connected to */
	char who[WHO_MAX];
};

/* Make X's watchers; all else of it is the caller's. */
void source_connect_init(struct source_connect *x);

/* FD, which is taken over, is connected to PEER: the hub is told. */
void source_connect_opened(struct source_connect *x, int fd, const struct addr *peer);

/* It is closed, and the hub is told; with ABORT the service sees that something is
 * missing.  Nothing happens a second time. */
void source_connect_gone(struct source_connect *x, bool abort);

/* Only after source_connect_gone(), or before a hub has it. */
void source_connect_free(struct source_connect *x);

#endif
