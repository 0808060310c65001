/* SPDX-License-Identifier: MIT */
/* bridge.h - what the sessions, hubs and sources of one loop share. */
#ifndef BRIDGE_BRIDGE_H
#define BRIDGE_BRIDGE_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "addr.h"
#include "child.h"
#include "gather.h"

#define TURN_BYTES \
	(64 * 1024) /* that a session moves in one direction in one turn of the loop */

struct hub;
struct session;

/*
 * Storage for the one callback that runs; nothing in it outlives a turn.
 * What is read lies in `read`, what is to be written is gathered in `gather`.
 */
struct scratch {
	char read[TURN_BYTES];
	struct gather gather;
};

/* What the bridge tells to whoever runs it. */
struct bridge_owner {
	/* A session has ended and is about to be freed. */
	void (*session_ended)(void *data, const struct session *s);
	/* Nothing refers to the settings that came with KEEP any more. */
	void (*unkeep)(void *keep);
	void *data;
};

struct bridge {
	struct ev_loop *loop;
	struct bridge_owner owner;
	struct children children;
	LIST_HEAD(, session) sessions, dead_sessions;
	LIST_HEAD(, hub) hubs, dead_hubs;
	ev_prepare reaper;
	ev_check clock;
	double now; /* of this turn, in seconds; monotonic: no clock jump moves a deadline
		     */
	unsigned nsessions; /* not yet freed */
	unsigned nrefused;  /* of these, those that only hear why they are closed */
	bool access;        /* log a line at the end of each session */
	struct scratch scratch;
};

/* NOFILE as children_init(). */
void bridge_init(struct bridge *b, struct ev_loop *loop, long nofile,
		 const struct bridge_owner *owner);

/* Close every session with CODE and REASON (static) and stop every source. */
void bridge_shutdown(struct bridge *b, unsigned code, const char *reason);

/* Drop every session and kill every process. */
void bridge_kill(struct bridge *b);

/* No session, hub or process is left. */
bool bridge_is_empty(const struct bridge *b);

/* After bridge_is_empty(), or when the process ends anyway. */
void bridge_stop(struct bridge *b);

#endif
