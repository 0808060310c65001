/* SPDX-License-Identifier: MIT */
/* bridge.h - what the sessions, hubs and sources of one loop share. */
#ifndef BRIDGE_BRIDGE_H
#define BRIDGE_BRIDGE_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "addr.h"
#include "batch.h"
#include "child.h"
#include "gather.h"
#include "heap.h"
#include "path_watch.h"
#include "turn.h"

#define TURN_BYTES \
	(64 * 1024) /* that a session moves in one direction in one turn of the loop */

struct hub;
struct session;

/*
 * Storage for the one callback that runs; nothing in it outlives a turn.
 * What is read lies in `read`, what is to be written is gathered in `gather`, what is
 * for many in `batch`.
 */
struct scratch {
	char read[TURN_BYTES];
	struct gather gather;
	struct gather aside; /* for one write while `gather` is filled */
	struct batch batch;
};

/* What the bridge tells to whoever runs it. */
struct bridge_owner {
	/* A session has ended and is about to be freed. */
	void (*session_ended)(void *data, const struct session *s);
	/* The answer to our last ping has come; its round_trip is known. */
	void (*ponged)(void *data, const struct session *s);
	/* Nothing refers to the settings that came with KEEP any more. */
	void (*unkeep)(void *keep);
	void *data;
};

/* A way through the sessions that takes several turns of the loop, while some end and
 * others come: each that is there from its begin to its end is met once. */
struct session_walk {
	struct session *next; /* NULL: no more */
	LIST_ENTRY(session_walk) link;
};

struct bridge {
	struct ev_loop *loop;
	struct bridge_owner owner;
	struct turn turn;
	struct children children;
	struct path_watches paths;
	struct heap heap;
	LIST_HEAD(, session) sessions, dead_sessions;
	LIST_HEAD(, hub) hubs, dead_hubs;
	LIST_HEAD(, session_walk) walks; /* under way */
	ev_prepare reaper;
	struct late freeing; /* not all of the dead are freed yet */
	ev_check clock;
	double now; /* of this turn, in seconds; monotonic: no clock jump moves a deadline
		     */
	unsigned nsessions; /* not yet freed */
	unsigned nrefused;  /* of these, those that only hear why they are closed */
	struct scratch scratch;
};

/* NOFILE and result as children_init(). */
int bridge_init(struct bridge *b, struct ev_loop *loop, long nofile,
		const struct bridge_owner *owner);

/* The session ID, or NULL: there is none that lives. */
struct session *bridge_find(const struct bridge *b, uint64_t id);

/* Walk through the sessions that there are, the newest first.  An end, at any time, for
 * each begin. */
void bridge_walk_begin(struct bridge *b, struct session_walk *w);
struct session *bridge_walk_next(struct session_walk *w); /* NULL: no more */
void bridge_walk_end(struct session_walk *w);

/* S leaves the list of those that live. */
void bridge_walks_skip(struct bridge *b, const struct session *s);

/* Close every session with CODE and REASON (static) and stop every source. */
void bridge_shutdown(struct bridge *b, unsigned code, const char *reason);

/* Drop every session and kill every process. */
void bridge_kill(struct bridge *b);

/* No session, hub or process is left. */
bool bridge_is_empty(const struct bridge *b);

/* After bridge_is_empty(), or when the process ends anyway. */
void bridge_stop(struct bridge *b);

#endif
