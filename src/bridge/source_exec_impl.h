/* SPDX-License-Identifier: MIT */
/* source_exec_impl.h - a program as source_exec.c, which lives with it,
 * source_exec_open.c, which starts it, and source_exec_stderr.c share it. */
#ifndef BRIDGE_SOURCE_EXEC_IMPL_H
#define BRIDGE_SOURCE_EXEC_IMPL_H

#include "source_exec.h"
#include "stderr_client.h"
#include "stderr_log.h"
#include "terminal_master.h"

enum exec_state {
	EXEC_RUNNING,  /* the hub needs it */
	EXEC_ENDED,    /* stdout's end and the leader's exit have come, or max_runtime is
			  over; the hub knows */
	EXEC_FLUSHING, /* nobody needs it, but what was written to it still goes to it */
	EXEC_STOPPING, /* its pipes are closed, its group is walked out */
	EXEC_GONE,
};

struct source_exec {
	struct source source;
	const struct exec_conf *conf;
	unsigned *running;
	enum exec_state state;
	bool finishing;     /* stdin ends after what is kept */
	bool lost;          /* some of it could not be written */
	struct child child; /* its timer is ours until child_stop(): EXEC_RUNNING:
			     * max_runtime; EXEC_FLUSHING: it takes nothing; and so is its
			     * late: OUT is read in another turn of the loop */
	ev_io in, out, err; /* our ends of its pipes; fd -1: closed */
	struct buf kept;    /* for its stdin */
	size_t queued;      /* of it, as stats has it */
	struct terminal_master *terminal; /* NULL: it has pipes */
	union {
		struct stderr_log stderr_log;
		struct stderr_client stderr_client; /* tells_clients() */
	};
	const char *path; /* as long as conf */
};

/* ---- source_exec.c ---- */

/* Make X's operations, watchers and timer; all else of it is the caller's. */
void source_exec_init(struct source_exec *x);

/* The prefix of its log lines; static, until the next call. */
const char *source_exec_who(const struct source_exec *x);

/* The only place where its watchers start and stop. */
void source_exec_proceed(struct source_exec *x);

/* W is one of its three; nothing happens a second time. */
void source_exec_close(struct source_exec *x, ev_io *w);

/* For want of memory the kernel does not watch W, or what was to be written is lost. */
void source_exec_give_up(struct source_exec *x, ev_io *w);

/* Only after all its processes have gone, or before there was one. */
void source_exec_free(struct source_exec *x);

/* ---- source_exec_stderr.c ---- */

/* Make its watcher. */
void source_exec_stderr_init(struct source_exec *x);

/* Who is told is ready for it.  0 or -ENOMEM. */
int source_exec_stderr_open(struct source_exec *x);

/* How much of it may be read now: to the log goes all. */
size_t source_exec_stderr_room(const struct source_exec *x);

/* Stdout has ended: its clients, if it is them who are told, hear first what lies in the
 * pipe, at most STDERR_PIPE.  They may all go with that. */
void source_exec_stderr_tell_rest(struct source_exec *x);

/* Its group is gone: the last of it is passed on, and it is closed, even if a process
 * that left the group holds it on. */
void source_exec_stderr_end(struct source_exec *x);

void source_exec_stderr_free(struct source_exec *x);

#endif
