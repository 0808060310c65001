/* SPDX-License-Identifier: MIT */
/* session_world.h - what the parts of fuzz_session.c have in common. */
#ifndef FUZZ_SESSION_WORLD_H
#define FUZZ_SESSION_WORLD_H

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "conf.h"

#define MUST(holds) ((holds) ? (void)0 : abort())

/* How things go in the whole of an input. */
enum choices {
	SLOW = 1,     /* programs take their time to go */
	STUCK = 2,    /* at the end, too, clients take no more than they do */
	SHUTDOWN = 4, /* it ends by an orderly shutdown, */
	KILL = 8,     /* ... or by a sudden one; else clients leave */
};

static struct bridge bridge;
static const struct path_conf *path; /* all clients come to this */
static struct path_stats stats;
static unsigned choices;

static inline void keep(struct buf *b, const void *p, size_t n)
{
	MUST(n == 0 || buf_append(b, p, n, SIZE_MAX) == 0);
}

static inline bool starts_with(const struct buf *whole, const struct buf *part)
{
	size_t n = buf_len(part);

	return n <= buf_len(whole) &&
	       (n == 0 || memcmp(buf_head(whole), buf_head(part), n) == 0);
}

/* Payload goes to its program and comes back as it is, and nothing else does.  A file
 * with frame = raw that is not followed is one message, framed as a whole. */
static inline bool is_transparent(void)
{
	enum framing_kind kind = path->hub.framing.kind;

	return path->hub.process == PROCESS_EACH &&
	       (kind == FRAMING_RAW || kind == FRAMING_WHOLE) &&
	       path->hub.framing.type == OP_BINARY;
}

/* ---- the clock ---- */

static double now = -1; /* < 0: the real one */

int clock_gettime(clockid_t id, struct timespec *t)
{
	if (now < 0 || id != CLOCK_MONOTONIC)
		return (int)syscall(SYS_clock_gettime, id, t);
	t->tv_sec = (time_t)now;
	t->tv_nsec = (long)((now - (double)t->tv_sec) * 1e9);
	return 0;
}

#endif
