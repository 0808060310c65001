/* SPDX-License-Identifier: MIT */
/*
 * stderr_lines.h - what a program writes to its standard error, cut into lines.
 *
 * A line that is too long is several.
 */
#ifndef BRIDGE_STDERR_LINES_H
#define BRIDGE_STDERR_LINES_H

#include "buf.h"

#define STDERR_LINE_MAX 3840 /* and its prefix: a line of the log */

struct stderr_lines {
	struct buf line; /* the unfinished one */
};

/* A line, N bytes at P without its newline; P == NULL: one that was lost for want of
 * memory. */
typedef void stderr_line(void *data, const char *p, size_t n);

/* N bytes at P: SAY hears of each line that ends in them. */
void stderr_lines_feed(struct stderr_lines *l, const char *p, size_t n, stderr_line *say,
		       void *data);

/* No more will come: the last line needs no newline. */
void stderr_lines_end(struct stderr_lines *l, stderr_line *say, void *data);

void stderr_lines_free(struct stderr_lines *l);

#endif
