/* SPDX-License-Identifier: MIT */
/*
 * source.h - what a backend is to its hub, whatever kind it is.
 *
 * A kind is one file and one struct source_ops.  It reads its backend only while
 * hub_room() says so, hands what it read to hub_output(), and tells the hub of its end:
 * first hub_source_ended() when no more output will come, later, after stop(),
 * hub_source_gone() when it can be freed.
 */
#ifndef BRIDGE_SOURCE_H
#define BRIDGE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "addr.h"
#include "gather.h"
#include "terminal.h"

struct hub;
struct source;

struct source_ops {
	const char *name;
	/* Take all bytes of G for the backend; what it does not take at once is kept. */
	void (*write)(struct source *s, const struct gather *g);
	/* The backend sees the end of its input after what is kept.  Later writes are
	 * discarded. */
	void (*finish)(struct source *s);
	/* Bytes kept. */
	size_t (*kept)(const struct source *s);
	/* Pid of its program; 0: none. */
	long (*pid)(const struct source *s);
	/* Its terminal is to have SIZE.  NULL: it has none. */
	void (*resize)(struct source *s, struct terminal_size size);
	/* The address of the service that it is connected to; NULL, or no such function:
	 * none. */
	const struct addr *(*peer)(const struct source *s);
	/* Start and stop the watchers, from the state and hub_room(). */
	void (*proceed)(struct source *s);
	/* Nobody needs it: with FLUSH what is kept still goes to the backend, then it
	 * ends. */
	void (*stop)(struct source *s, bool flush);
	/* Do not wait for the end any longer. */
	void (*kill)(struct source *s);
	/* Only after hub_source_gone(). */
	void (*free)(struct source *s);
};

struct source {
	const struct source_ops *ops;
	struct hub *hub;
};

/* How a backend ended: the close frame that its clients get. */
struct ending {
	unsigned code; /* 0: well; as the path is configured */
	char reason[124];
	char process[32]; /* for the access line: "exit 3", "SIGSEGV", or "" */
};

#endif
