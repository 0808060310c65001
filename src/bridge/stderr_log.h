/* SPDX-License-Identifier: MIT */
/* stderr_log.h - a program's stderr as log lines: always drained, rate-limited. */
#ifndef BRIDGE_STDERR_LOG_H
#define BRIDGE_STDERR_LOG_H

#include <stdbool.h>

#include "buf.h"

#define STDERR_LINE_MAX 4096 /* a longer line is split */
#define STDERR_LINES_PER_SECOND 100

struct stderr_log {
	struct buf line; /* the unfinished one */
	double second;   /* when the current count began */
	unsigned lines;  /* logged since then */
	unsigned long dropped;
};

/* N bytes at P that WHO wrote at NOW. */
void stderr_log_feed(struct stderr_log *l, const char *who, double now, const char *p,
		     size_t n);

/* No more will come. */
void stderr_log_end(struct stderr_log *l, const char *who, double now);

#endif
