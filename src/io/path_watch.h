/* SPDX-License-Identifier: MIT */
/*
 * path_watch.h - tells when a file, or what is behind a path, may have changed.
 *
 * inotify(7) says so at once.  A look once a second finds what inotify cannot see: behind
 * a symbolic link, on another machine's disk, in a directory that is not there yet, or
 * where the kernel gives no more watches; of thousands of paths it takes several turns of
 * the loop.  There is one inotify descriptor for all, which stays, since closing it can
 * take the kernel milliseconds.
 */
#ifndef IO_PATH_WATCH_H
#define IO_PATH_WATCH_H

#include <ev.h>
#include <sys/queue.h>

#include "turn.h"

struct path_watch {
	/* Something may have changed.  May start and stop any watch. */
	void (*changed)(struct path_watch *w);
	const char *path;         /* the path to watch; NULL: an open file is */
	const char *name;         /* the last part of it */
	int wd;                   /* of inotify; -1: none */
	struct path_watches *all; /* NULL: not started */
	LIST_ENTRY(path_watch) link;
};

/* All watches of one loop. */
struct path_watches {
	struct ev_loop *loop;
	struct turn *turn;
	ev_io io;                  /* of inotify; fd -1: there is none */
	ev_timer look;             /* once a second while somebody watches */
	struct late late;          /* the rest of a look */
	struct path_watch *next;   /* the next one to tell of the event at hand */
	struct path_watch *unseen; /* the next one of the look under way */
	LIST_HEAD(, path_watch) list;
};

void path_watches_init(struct path_watches *all, struct turn *turn);

/* Open inotify now, ahead of the first watch. */
void path_watches_open(struct path_watches *all);

/* At the end, when nobody watches any more: close inotify. */
void path_watches_end(struct path_watches *all);

/* Let W, whose `changed` is set, tell when something comes, goes or is replaced at
 * PATH, which is absolute and stays the caller's.  This cannot fail: without inotify W
 * tells once a second. */
void path_watch_start(struct path_watches *all, struct path_watch *w, const char *path);

/* Let W tell when the file that FD is open on is written to or truncated, as far as
 * inotify sees it. */
void path_watch_start_file(struct path_watches *all, struct path_watch *w, int fd);

/* Stop W, which may be all zero. */
void path_watch_stop(struct path_watch *w);

#endif
