/* SPDX-License-Identifier: MIT */
/*
 * follow.h - a growing file by its name, as tail -F has it.
 *
 * It begins at the file's end, or at the beginning of one that comes later.  A file that
 * is renamed or removed is read to its end before the next one of that name is, one that
 * becomes shorter is read anew.
 */
#ifndef BRIDGE_FOLLOW_H
#define BRIDGE_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "path_watch.h"

/* Why none was opened: what is there is no regular file. */
#define FOLLOW_IRREGULAR EINVAL

/* One file that has, or had, the name. */
struct followed {
	struct follow *of;
	int fd;
	uint64_t at;   /* its bytes up to here have been read */
	bool sizeless; /* it had bytes while its size was 0 */
	unsigned tries;
	struct path_watch watch;
	STAILQ_ENTRY(followed) link;
};

struct follow {
	const char *path, *who; /* the caller's */
	/* There may be more to read. */
	void (*more)(struct follow *f);
	struct path_watches *paths;

	struct path_watch place;
	STAILQ_HEAD(, followed)
	files;                   /* the one that is read, and those that have taken
				  * its name since */
	struct followed *newest; /* the last of them, or NULL */
	unsigned count;          /* of them */
	bool missing;            /* nothing was there at the last look ... */
	bool told;               /* ... nor a second later, which was logged */
	double since;            /* when it was missed, monotonic */
};

/* Begin with F, whose first four members are set, the rest zero.  0, also while there is
 * no file yet; -errno, -FOLLOW_IRREGULAR. */
int follow_open(struct follow *f);

/* F may be all zero. */
void follow_close(struct follow *f);

/* Read up to N bytes that have come, into P: how many, 0 for now, or -errno; -EAGAIN as
 * disk_read().  *RET_CUT: they do not go on where the bytes before them ended. */
ssize_t follow_read(struct follow *f, char *p, size_t n, bool *ret_cut);

/* ERR (-errno) of these in words. */
const char *follow_strerror(int err);

/* Open the regular file at PATH: a descriptor, or -errno, -FOLLOW_IRREGULAR. */
int follow_open_regular(const char *path);

#endif
