/* SPDX-License-Identifier: MIT */
/* disk.h - reads regular files without waiting for the disk. */
#ifndef IO_DISK_H
#define IO_DISK_H

#include <stdint.h>
#include <sys/types.h>

#define DISK_AGAIN 2e-3 /* seconds to wait before the next try */

/*
 * Read up to N bytes at the offset AT of FD into P: how many, 0 at the end, or -errno.
 * -EAGAIN: fewer than LEAST of them are in the page cache, and the disk has been asked
 * for them; try again after DISK_AGAIN.  *TRIES, 0 at first, counts such tries: after a
 * second of them, and on file systems that cannot say what is cached, the read waits for
 * the disk.
 */
ssize_t disk_read(int fd, void *p, size_t n, uint64_t at, size_t least, unsigned *tries);

#endif
