/* SPDX-License-Identifier: MIT */
/*
 * hook.h - runs a program whose end and output somebody waits for, or nobody does.
 *
 * Its standard error goes to the log.  It is killed when its time is over, and with it
 * all that is left of its process group when it has ended.
 */
#ifndef SERVER_HOOK_H
#define SERVER_HOOK_H

#include <stdint.h>
#include <sys/queue.h>

#include "bridge.h"
#include "span.h"

#define HOOK_INPUT 4096 /* bytes: what an empty pipe takes at once */

struct hook;

/* All that run. */
struct hooks {
	LIST_HEAD(, hook) running, dead;
	unsigned n;              /* running, or of which something is left */
	uint64_t stderr_dropped; /* lines */
};

/* How one has ended. */
struct hook_end {
	bool timed_out; /* it was killed */
	bool too_long;  /* it wrote more than it may */
	int status;     /* as wait(2) has it */
	char *out;      /* N bytes, and one for a NUL; the hook's */
	size_t n;
};

struct hook_start {
	char *const *argv, *const *envp;
	const char *kind;  /* what the log calls it; static */
	const char *who;   /* for the log, copied */
	struct span input; /* at most HOOK_INPUT bytes, then its end: standard input */
	double timeout;    /* seconds */
	size_t output_max; /* bytes that it may write */
	/* It has ended; not at once, and only once.  NULL: nobody waits. */
	void (*done)(void *data, const struct hook_end *end);
	void *data;
	unsigned *count; /* one more from now on until nothing is left of it */
};

/* Run one.  0, or -errno of what failed, which *ret_what names; *ret_hook until DONE. */
int hook_run(struct hooks *all, struct bridge *b, const struct hook_start *start,
	     struct hook **ret_hook, const char **ret_what);

/* Nobody waits any more: end it. */
void hook_cancel(struct hook *h);

/* The end of all: kill them. */
void hooks_kill(struct hooks *all);

/* Before the loop sleeps: free those that are gone. */
void hooks_reap(struct hooks *all);

/* When no loop will turn any more. */
void hooks_free(struct hooks *all);

#endif
