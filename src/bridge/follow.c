/* SPDX-License-Identifier: MIT */
/* A growing file by its name, as tail -F has it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk.h"
#include "follow.h"
#include "log.h"
#include "sys.h"

#define MOST 16    /* files that wait to be read: more take the name unseen */
#define MISSED 0.9 /* seconds without a file, which a rotation does not need */

const char *follow_strerror(int err)
{
	return err == -FOLLOW_IRREGULAR ? "not a regular file" : strerror(-err);
}

int follow_open_regular(const char *path)
{
	struct stat st;
	int fd;

	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode)) /* not opened, which a device would notice */
		return -FOLLOW_IRREGULAR;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return -FOLLOW_IRREGULAR;
}

/* ---- the files ---- */

static void on_written(struct path_watch *w)
{
	struct followed *file =
		(struct followed *)((char *)w - offsetof(struct followed, watch));

	file->of->more(file->of);
}

/* The first one is read. */
static void drop(struct follow *f)
{
	struct followed *file = STAILQ_FIRST(&f->files);

	STAILQ_REMOVE_HEAD(&f->files, link);
	if (STAILQ_EMPTY(&f->files))
		f->newest = NULL;
	f->count--;
	path_watch_stop(&file->watch);
	close(file->fd);
	free(file);
}

/* Read what FD is open on, after the others, from AT on. */
static int add(struct follow *f, int fd, uint64_t at)
{
	struct followed *file = calloc(1, sizeof(*file));

	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	file->of = f;
	file->fd = fd;
	file->at = at;
	file->watch.changed = on_written;
	path_watch_start_file(f->paths, &file->watch, fd);
	STAILQ_INSERT_TAIL(&f->files, file, link);
	f->newest = file;
	f->count++;
	return 0;
}

static uint64_t size_of(const struct followed *file)
{
	struct stat st;

	return fstat(file->fd, &st) < 0 ? 0 : (uint64_t)st.st_size;
}

/* Is it the last of the files of which ST was got (GOT: 0)? */
static bool is_newest(const struct follow *f, int got, const struct stat *st)
{
	const struct followed *last = f->newest;
	struct stat open;

	return got == 0 && last && fstat(last->fd, &open) == 0 &&
	       st->st_dev == open.st_dev && st->st_ino == open.st_ino;
}

/* ---- what has the name ---- */

static void miss(struct follow *f, int err)
{
	double now = sys_now();

	if (!f->missing)
		f->since = now;
	f->missing = true;
	if (f->told || now - f->since < MISSED)
		return;
	f->told = true;
	log_warning(f->who, "file: %s: %s; waiting for it", f->path,
		    follow_strerror(err));
}

static void found(struct follow *f)
{
	if (f->told)
		log_info(f->who, "file: %s is there again", f->path);
	f->missing = f->told = false;
}

/* Open what has taken the name since. */
static void look(struct follow *f)
{
	struct stat st;
	int r;

	if (f->count == MOST)
		return;
	if (is_newest(f, stat(f->path, &st), &st)) {
		found(f);
		return;
	}
	r = follow_open_regular(f->path);
	if (r >= 0 && is_newest(f, fstat(r, &st), &st)) { /* it was not told just now */
		close(r);
		r = 0;
	} else if (r >= 0) {
		r = add(f, r, 0);
	}
	if (r < 0)
		miss(f, r);
	else
		found(f);
}

static void on_place(struct path_watch *w)
{
	struct follow *f = (struct follow *)((char *)w - offsetof(struct follow, place));

	look(f);
	f->more(f);
}

int follow_open(struct follow *f)
{
	int fd = follow_open_regular(f->path);
	int r = 0;

	STAILQ_INIT(&f->files);
	if (fd < 0 && fd != -ENOENT)
		return fd;
	f->place.changed = on_place;
	path_watch_start(f->paths, &f->place, f->path);
	if (fd < 0)
		miss(f, fd);
	else
		r = add(f, fd, 0);
	if (fd >= 0 && r == 0)
		STAILQ_FIRST(&f->files)->at = size_of(STAILQ_FIRST(&f->files));
	return r;
}

void follow_close(struct follow *f)
{
	path_watch_stop(&f->place);
	while (f->count > 0)
		drop(f);
}

/* ---- reading ---- */

/* All of FILE is read.  Does another file have its name, and something in it, or a third
 * one its name?  Who has FILE open may write on until it learns of the other. */
static bool is_done(const struct followed *file)
{
	const struct followed *next = STAILQ_NEXT(file, link);

	return next && (STAILQ_NEXT(next, link) || size_of(next) > 0);
}

/* Files of proc(5) and sysfs(5) have bytes and no size. */
static bool is_truncated(const struct followed *file)
{
	uint64_t size = size_of(file);

	return size < file->at && !(size == 0 && file->sizeless);
}

ssize_t follow_read(struct follow *f, char *p, size_t n, bool *ret_cut)
{
	struct followed *file;
	ssize_t r = 0;

	*ret_cut = false;
	while ((file = STAILQ_FIRST(&f->files))) {
		r = disk_read(file->fd, p, n, file->at, 1, &file->tries);
		if (r > 0 && file->at == 0)
			file->sizeless = size_of(file) == 0;
		if (r > 0)
			file->at += (uint64_t)r;
		if (r != 0)
			return r;
		if (is_truncated(file)) {
			log_info(f->who, "file: %s was truncated", f->path);
			file->at = 0;
		} else if (is_done(file)) {
			drop(f);
			look(f);
		} else {
			return 0;
		}
		*ret_cut = true;
	}
	return 0;
}
