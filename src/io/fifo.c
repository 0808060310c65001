/* SPDX-License-Identifier: MIT */
/* Opens and makes named pipes, and never waits for their other end. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "fifo.h"

#define FLAGS (O_NONBLOCK | O_CLOEXEC | O_NOCTTY)

static int check(const struct stat *st)
{
	return S_ISFIFO(st->st_mode) ? 0 : -FIFO_IS_NONE;
}

int fifo_open(const char *path, bool writes)
{
	struct stat st;
	int fd, r;

	if (stat(path, &st) < 0)
		return -errno;
	r = check(&st); /* before it is opened, which a device would notice */
	if (r < 0)
		return r;
	/* A writer that can read as well needs no other reader, and is not told when
	 * one leaves. */
	fd = open(path, (writes ? O_RDWR : O_RDONLY) | FLAGS);
	if (fd < 0 && writes && errno == EACCES)
		fd = open(path, O_WRONLY | FLAGS);
	if (fd < 0)
		return -errno;
	r = fstat(fd, &st) < 0 ? -errno : check(&st);
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

int fifo_make(const char *path, mode_t mode)
{
	mode_t mask = umask(0);
	int err = mkfifo(path, mode) < 0 ? errno : 0;
	struct stat st;

	umask(mask);
	if (err != EEXIST)
		return -err;
	return stat(path, &st) < 0 ? -errno : check(&st);
}

enum fifo_place fifo_look(int fd, const char *path)
{
	struct stat at, open;

	if (stat(path, &at) < 0 || !S_ISFIFO(at.st_mode))
		return FIFO_NONE;
	if (fd < 0 || fstat(fd, &open) < 0)
		return FIFO_OTHER;
	return at.st_dev == open.st_dev && at.st_ino == open.st_ino ? FIFO_SAME
								    : FIFO_OTHER;
}

const char *fifo_strerror(int err)
{
	return err == -FIFO_IS_NONE ? "not a FIFO" : strerror(-err);
}
