/* SPDX-License-Identifier: MIT */
/* fifo.h - opens and makes named pipes, and never waits for their other end. */
#ifndef IO_FIFO_H
#define IO_FIFO_H

#include <stdbool.h>
#include <sys/stat.h>

/* Why none was opened: what is there is no FIFO. */
#define FIFO_IS_NONE EINVAL

/*
 * Open the FIFO at PATH, for reading or for writing: a non-blocking descriptor, or
 * -errno; -FIFO_IS_NONE.  For writing it also waits for readers that are still to come;
 * -ENXIO: there is none, and it may not (it has no right to read the FIFO).
 */
int fifo_open(const char *path, bool writes);

/* Make a FIFO with MODE, whatever the umask, unless something is there: 0 or -errno;
 * -FIFO_IS_NONE: something else is there. */
int fifo_make(const char *path, mode_t mode);

/* What is at PATH: what FD is open on, another FIFO, or none. */
enum fifo_place { FIFO_SAME, FIFO_OTHER, FIFO_NONE };
enum fifo_place fifo_look(int fd, const char *path);

/* ERR (-errno) of these in words. */
const char *fifo_strerror(int err);

#endif
