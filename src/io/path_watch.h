/* SPDX-License-Identifier: MIT */
/*
 * path_watch.h - tells when a file, or what is behind a path, may have changed.
 *
 * inotify(7) says so at once; a look once a second finds what it cannot see: behind a
 * symbolic link, on another machine's disk, in a directory that is not there yet, or
 * where the kernel gives no watches any more; of thousands it takes several turns of the
 * loop.  There is one inotify descriptor for all,
 * which stays, since closing it can take the kernel milliseconds.
 */
#ifndef IO_PATH_WATCH_H
#define IO_PATH_WATCH_H

#include <ev.h>
#include <sys/queue.h>

#include "turn.h"

struct path_watch {
	/* Something may have changed: look.  It may start and stop any watch. */
	void (*changed)(struct path_watch *w);
	const char *path; /* what is in its directory under its name; NULL: one file */
	const char *name; /* the last part of it */
	int wd;           /* -1: inotify does not see it */
	struct path_watches *all; /* NULL: it is not started */
	LIST_ENTRY(path_watch) link;
};

/* Those of one loop. */
struct path_watches {
	struct ev_loop *loop;
	struct turn *turn;
	ev_io io;                  /* fd -1: there is no inotify */
	ev_timer look;             /* once a second while somebody watches */
	struct late late;          /* the rest of a look */
	struct path_watch *next;   /* to be told of an event */
	struct path_watch *unseen; /* next of a look */
	LIST_HEAD(, path_watch) list;
};

void path_watches_init(struct path_watches *all, struct turn *turn);

/* Somebody will watch. */
void path_watches_open(struct path_watches *all);

/* Nobody watches any more. */
void path_watches_end(struct path_watches *all);

/* Let W, whose `changed` is set, tell of the comings and goings at PATH, which is
 * absolute and stays the caller's.  There is no failure: without inotify it tells once a
 * second. */
void path_watch_start(struct path_watches *all, struct path_watch *w, const char *path);

/* Let W tell when the file that FD is open on is written to or truncated, as far as
 * inotify sees it. */
void path_watch_start_file(struct path_watches *all, struct path_watch *w, int fd);

/* W, which may be all zero, tells nothing more. */
void path_watch_stop(struct path_watch *w);

#endif
