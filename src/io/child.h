/* SPDX-License-Identifier: MIT */
/*
 * child.h - starts a process and sees it out.
 *
 * A child leads a session and a process group of its own.  Its leader's exit is told, and
 * then, once it is on its way out (one without an id need not be), the end of all that is
 * left of it: of its group, and of the processes that have left the group and became ours
 * (orphans.h).  One struct children does all the waiting: nothing else in the program may
 * call wait(2).
 */
#ifndef IO_CHILD_H
#define IO_CHILD_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "orphans.h"
#include "turn.h"

enum child_state {
	CHILD_NONE,    /* never started */
	CHILD_RUNNING, /* the leader lives */
	CHILD_EXITED,  /* it has ended, others of its group live */
	CHILD_EMPTY,   /* so has its group: the pid is nobody's; orphans may live */
	CHILD_GONE,    /* nothing is left of it */
};

enum child_step { STEP_NONE, STEP_EOF, STEP_SIGNAL, STEP_TERM, STEP_KILL, STEP_COUNT };

struct child {
	enum child_state state;
	enum child_step step; /* of the way out, see child_stop() */
	pid_t pid;            /* and process group */
	int status;           /* of the leader, as wait(2) has it; from CHILD_EXITED on */
	uint64_t id;          /* in its environment, as ORPHAN_ID */
	void (*changed)(EV_P_ struct child *c); /* state has become CHILD_EXITED or
						 * CHILD_GONE; it may stop others */
	struct children *all;
	const struct child_stop *stop;
	ev_timer timer;   /* of the step; before child_stop() the owner's */
	struct late late; /* some orphans wait; before child_stop() the owner's */
	unsigned round;   /* of signals to its orphans, the present one, */
	uint8_t signal;   /* and what they get in it */
	uint8_t kills;    /* SIGKILLs sent, as far as they count */
	LIST_ENTRY(child)
	link; /* among those of a like pid; then among those that wait for their
	       * group's end */
};

#define CHILD_LISTS 512 /* a pid belongs to one of them */
LIST_HEAD(child_list, child);

/* Of those whose leader has ended, since the last look at them: */
enum children_state {
	CHILDREN_SETTLED, /* nobody has gone */
	CHILDREN_CHANGED, /* somebody may have: a look before the loop sleeps */
	/* There were many to look at; no more of that until the timer `rest`: */
	CHILDREN_RESTING,      /* nobody has gone */
	CHILDREN_REST_CHANGED, /* somebody may have */
	CHILDREN_REST_ENDED,   /* ... and a leader has ended that nobody waited for */
	CHILDREN_STATES,
};

/* What the children of one loop share. */
struct children {
	struct ev_loop *loop;
	struct turn *turn;
	struct late late; /* more have ended than a turn has time for */
	ev_signal sigchld;
	struct child_list by_pid[CHILD_LISTS]; /* those whose leader lives */
	struct child_list exited;              /* leader gone, but not all */
	enum children_state state;
	ev_timer rest;
	ev_prepare settle; /* finds out, once in a turn of the loop */
	struct orphans orphans;
	struct late looking; /* not all of them are known yet */
	size_t running;      /* leaders alive */
	long nofile; /* soft RLIMIT_NOFILE that children get back; < 0: the daemon's own
		      */
	int slot[3]; /* low descriptors, see child_spawn.c */
	uint64_t signals; /* that a child resets; bit 0 is signal 1 */
};

/* Start waiting for children on the loop of TURN; the process becomes their subreaper. 0,
 * or -errno: there are no descriptors to start any, and it has to be stopped all the
 * same. */
int children_init(struct children *all, struct turn *turn, long nofile);

/* From now on children reset the signals alone that are ignored or handled at this
 * moment, and not all of them: the loop stands still meanwhile.  All later handlers and
 * ignored signals would reach into children. */
void children_know_signals(struct children *all);

/* Stop waiting. */
void children_stop(struct children *all);

struct child_spec {
	const char *file; /* path of the program */
	char *const *argv, *const *envp;
	const char *cwd;     /* NULL: ours */
	int umask;           /* -1: ours */
	long nofile;         /* soft limit; 0: that of struct children */
	bool new_privileges; /* setuid programs and file capabilities work */
	bool terminal;       /* fd[0] is a terminal: it becomes the controlling one */
	uint64_t id;         /* as it stands in ENVP, 0: none */
	int fd[3];           /* become 0, 1, 2; stay the caller's */
	int parent_death_signal;
};

/* Start SPEC as C (all zero but `changed`).  0, or -errno of what failed, *ret_what
 * naming it ("clone", "chdir", "nofile", "exec"); the exec has happened when this
 * returns. */
int child_start(struct children *all, const struct child_spec *spec, struct child *c,
		const char **ret_what);

enum stop_scope { STOP_TREE, STOP_GROUP };

/* The way out of a child whose pipes have been closed. */
struct child_stop {
	int signal;            /* to all of it after eof_timeout, with SIGCONT */
	double eof_timeout;    /* seconds */
	double stop_timeout;   /* from the signal to SIGKILL */
	double term_after;     /* from the signal to a SIGTERM in between; 0: none */
	enum stop_scope scope; /* with its orphans, or its process group alone */
};

/* Walk C through the steps of STOP (which must outlive it), from FIRST on, until nothing
 * is left of it: then, never at once, it is CHILD_GONE. */
void child_stop(struct child *c, const struct child_stop *stop, enum child_step first);

/* Skip to SIGKILL. */
void child_kill(struct child *c);

#endif
