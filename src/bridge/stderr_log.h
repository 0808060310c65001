/* SPDX-License-Identifier: MIT */
/*
 * stderr_log.h - a program's stderr as log lines: always drained, rate-limited.
 *
 * A program may say something long at once, such as a traceback, but go on only slowly.
 */
#ifndef BRIDGE_STDERR_LOG_H
#define BRIDGE_STDERR_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "stderr_lines.h"

#define STDERR_LINES_PER_SECOND 10
#define STDERR_LINES_AT_ONCE 100 /* after a silence */

struct stderr_log {
	struct stderr_lines lines;
	double second;          /* when the current count began; 0: never yet */
	float credit;           /* lines that may be logged in it */
	unsigned dropped;       /* lines that are yet to be told */
	uint64_t *dropped_ever; /* the caller's count of all */
};

/* N bytes at P that WHO wrote at NOW. */
void stderr_log_feed(struct stderr_log *l, const char *who, double now, const char *p,
		     size_t n);

/* No more will come. */
void stderr_log_end(struct stderr_log *l, const char *who, double now);

#endif
