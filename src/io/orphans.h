/* SPDX-License-Identifier: MIT */
/*
 * orphans.h - processes that became our children when their parents ended.
 *
 * A process that leaves its program's group (setsid(2)) cannot be reached through it any
 * more.  As its subreaper we become its parent when its own has ended, and two variables
 * that every program of ours is started with tell which program it belongs to.
 */
#ifndef IO_ORPHANS_H
#define IO_ORPHANS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "turn.h"

/* Variables of every program, in decimal: the session that it belongs to, and the pid
 * of the daemon.  The id alone would not do: a daemon below a daemon counts from 1,
 * too. */
#define ORPHAN_ID "WSBRIDGE_ID"
#define ORPHAN_DAEMON "WSBRIDGE_PID"

struct orphan;

struct orphans {
	struct turn *turn;
	void *by_pid; /* tsearch(3) tree */
	LIST_HEAD(, orphan) all;
	int list; /* the kernel's list of our children, open; -1: there is no such list */
	size_t listed;  /* how many children it had at the last look */
	bool fresh;     /* nothing may have changed since the last look */
	bool unsettled; /* one was just starting or ending at the last look */
	bool cut;       /* the turn had no time for all of them */
	bool blind;     /* the kernel does not list our children; that has been logged */
};

/* 0, or -errno: out of descriptors or of memory.  End it with orphans_free() in either
 * case. */
int orphans_init(struct orphans *o, struct turn *turn);

/* Is PID a child that we have started, not adopted? */
typedef bool orphans_started(const void *data, pid_t pid);

/* Find the orphans that there are now, unless they are known; where the turn has no
 * time for all, some of them, and the rest in later turns.  One that cannot be
 * assigned (it has wiped its environment) is logged, once. */
void orphans_look(struct orphans *o, orphans_started *started, const void *data);

/* There may be other orphans now: the next look is a real one. */
void orphans_forget(struct orphans *o);

/* PID was waited for. */
void orphans_reaped(struct orphans *o, pid_t pid);

/* Are there orphans of session ID among those found?  In doubt yes. */
bool orphans_any(const struct orphans *o, uint64_t id);

/* Send SIG to the orphans found of session ID and to the groups that they lead, except
 * to those that had it in this ROUND (from 1 on) already.  False: the turn has no time
 * for more; call again. */
bool orphans_signal(struct orphans *o, uint64_t id, int sig, unsigned round);

void orphans_free(struct orphans *o);

#endif
