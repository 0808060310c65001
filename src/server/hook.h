/* SPDX-License-Identifier: MIT */
/*
 * hook.h - runs a program, and tells its end and its output to whoever waits for them.
 *
 * Its standard error goes to the log.  It is killed when its time is over, and when it
 * has ended, so is what is left of its process group.
 */
#ifndef SERVER_HOOK_H
#define SERVER_HOOK_H

#include <stdint.h>
#include <sys/queue.h>

#include "bridge.h"
#include "span.h"

#define HOOK_INPUT 4096 /* bytes: what an empty pipe takes at once */

struct hook;

/* All hooks that run. */
struct hooks {
	LIST_HEAD(, hook) running, dead;
	unsigned n;              /* hooks that run, or of which processes are left */
	uint64_t stderr_dropped; /* lines */
};

/* How a hook has ended. */
struct hook_end {
	bool timed_out; /* it was killed */
	bool too_long;  /* it wrote more than output_max */
	int status;     /* as wait(2) has it */
	char *out; /* its output: N bytes, with room for a NUL; freed with the hook */
	size_t n;
};

struct hook_start {
	char *const *argv, *const *envp;
	const char *kind;  /* what the log calls it; static */
	const char *who;   /* for the log, copied */
	struct span input; /* at most HOOK_INPUT bytes, then its end: standard input */
	double timeout;    /* seconds */
	size_t output_max; /* bytes that it may write */
	/* Called when it has ended, once, and never from within hook_run().  NULL:
	 * nobody waits. */
	void (*done)(void *data, const struct hook_end *end);
	void *data;
	unsigned *count; /* counts it from now on until nothing is left of it */
};

/* Run a hook.  0, or -errno and *ret_what names what failed.  *ret_hook is valid until
 * DONE is called. */
int hook_run(struct hooks *all, struct bridge *b, const struct hook_start *start,
	     struct hook **ret_hook, const char **ret_what);

/* End it; DONE is not called. */
void hook_cancel(struct hook *h);

/* Kill all, at the end. */
void hooks_kill(struct hooks *all);

/* Before the loop sleeps: free those that are gone. */
void hooks_reap(struct hooks *all);

/* At the end, when the loop does not run any more. */
void hooks_free(struct hooks *all);

#endif
