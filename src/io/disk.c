/* SPDX-License-Identifier: MIT */
/* Reads regular files without waiting for the disk. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/uio.h>
#include <unistd.h>

#include "disk.h"

#define TRIES 500 /* then the disk is waited for */
#define AHEAD (1024 * 1024)

ssize_t disk_read(int fd, void *p, size_t n, uint64_t at, size_t least, unsigned *tries)
{
	struct iovec v = { p, n };
	ssize_t r = preadv2(fd, &v, 1, (off_t)at, RWF_NOWAIT);
	bool cold = r < 0 ? errno == EAGAIN : r > 0 && (size_t)r < least;

	if (cold && (*tries)++ < TRIES) {
		(void)posix_fadvise(fd, (off_t)at, AHEAD, POSIX_FADV_WILLNEED);
		return -EAGAIN;
	}
	if (cold || (r < 0 && errno == EOPNOTSUPP))
		r = pread(fd, p, n, (off_t)at);
	*tries = 0;
	return r < 0 ? -errno : r;
}
