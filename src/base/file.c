/* SPDX-License-Identifier: MIT */
/* A whole file at once, without waiting for anybody. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "file.h"

static bool is_null(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

int file_open(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int r;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		r = -errno;
	else if (S_ISREG(st.st_mode) || is_null(&st))
		return fd;
	else
		r = S_ISDIR(st.st_mode) ? -EISDIR : -ENOTSUP;
	close(fd);
	return r;
}

/* To its end, and not to its size: a file of /proc has none. */
static int read_all(int fd, size_t most, struct buf *b)
{
	char chunk[16384];

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		r = buf_append(b, chunk, (size_t)n, most);
		if (r < 0)
			return r == -ENOBUFS ? -EFBIG : r;
	}
}

int file_read(const char *file, size_t most, struct buf *b)
{
	int fd = file_open(file);
	int r = fd < 0 ? fd : read_all(fd, most, b);

	if (fd >= 0)
		close(fd);
	return r;
}

const char *file_error(int r)
{
	switch (r) {
	case -ENOTSUP:
		return "it is no regular file";
	case -ENOMEM:
		return "out of memory";
	default:
		return strerror(-r);
	}
}
