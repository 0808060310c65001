/* SPDX-License-Identifier: MIT */
/* disk.h - reads regular files without waiting for the disk. */
#ifndef IO_DISK_H
#define IO_DISK_H

#include <stdint.h>
#include <sys/types.h>

#define DISK_AGAIN 2e-3 /* seconds until the disk may have brought it */

/*
 * Read up to N bytes at AT of FD into P: how many, 0 at the end, or -errno.  -EAGAIN:
 * fewer than LEAST of them lie in memory and the disk has been asked; ask again after
 * DISK_AGAIN.  *TRIES, 0 at first, counts that: after a second of it, and where the file
 * system knows no other way, the disk is waited for.
 */
ssize_t disk_read(int fd, void *p, size_t n, uint64_t at, size_t least, unsigned *tries);

#endif
