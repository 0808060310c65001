/* SPDX-License-Identifier: MIT */
/* fifo.h - opens and makes named pipes, and never waits for their other end. */
#ifndef IO_FIFO_H
#define IO_FIFO_H

#include <stdbool.h>
#include <sys/stat.h>

/* The error where something that is no FIFO is at the path. */
#define FIFO_IS_NONE EINVAL

/*
 * Open the FIFO at PATH, for reading or, if it WRITES, for writing: a non-blocking
 * descriptor, or -errno, such as -FIFO_IS_NONE.  One for writing is open for reading too,
 * so that it does not need a reader to be there already; where we have no right to read
 * the FIFO, -ENXIO says that there is none.
 */
int fifo_open(const char *path, bool writes);

/* Make a FIFO with MODE, whatever the umask, unless there is one: 0 or -errno;
 * -FIFO_IS_NONE: something else is there. */
int fifo_make(const char *path, mode_t mode);

/* What is at PATH now: the FIFO that FD is open on, another one, or none. */
enum fifo_place { FIFO_SAME, FIFO_OTHER, FIFO_NONE };
enum fifo_place fifo_look(int fd, const char *path);

/* An -errno of these functions in words. */
const char *fifo_strerror(int err);

#endif
