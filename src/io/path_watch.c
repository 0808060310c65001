/* SPDX-License-Identifier: MIT */
/* Tells when a file, or what is behind a path, may have changed. */
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "path_watch.h"

#define LOOK 1.0 /* seconds between looks */
#define LOOKS 8  /* in each turn of the loop, in any case */
#define COMINGS_AND_GOINGS                                                      \
	(IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM | IN_DELETE_SELF | \
	 IN_MOVE_SELF)
#define EVENTS_BYTES 8192 /* read in one turn of the loop */

/* ---- inotify ---- */

static int watch_file(const struct path_watches *all, const char *path, unsigned events)
{
	/* The same file may be watched for somebody else: their events stay. */
	return all->io.fd < 0 ? -1
			      : inotify_add_watch(all->io.fd, path, events | IN_MASK_ADD);
}

static int watch_directory(const struct path_watches *all, const struct path_watch *w)
{
	char dir[PATH_MAX];
	int n = (int)(w->name - w->path);

	if (n >= PATH_MAX)
		return -1;
	snprintf(dir, sizeof(dir), "%.*s", n, w->path);
	return watch_file(all, dir, COMINGS_AND_GOINGS | IN_ONLYDIR);
}

/* Nobody else watches the same. */
static void forget(struct path_watches *all, int wd)
{
	struct path_watch *other;

	if (wd < 0)
		return;
	LIST_FOREACH(other, &all->list, link)
		if (other->wd == wd)
			return;
	(void)inotify_rm_watch(all->io.fd, wd);
}

/* ---- telling ---- */

/* Is E about what W watches? */
static bool concerns(const struct path_watch *w, const struct inotify_event *e)
{
	if (e->mask & IN_Q_OVERFLOW)
		return true;
	if (w->wd != e->wd)
		return false;
	return !w->path || e->len == 0 || strcmp(e->name, w->name) == 0;
}

/* Tell all that E concerns. */
static void tell(struct path_watches *all, const struct inotify_event *e)
{
	struct path_watch *w;

	for (w = LIST_FIRST(&all->list); w; w = all->next) {
		all->next = LIST_NEXT(w, link);
		if (!concerns(w, e))
			continue;
		if (e->mask & IN_IGNORED) /* the kernel has let it go */
			w->wd = -1;
		w->changed(w);
	}
	all->next = NULL;
}

static void on_events(EV_P_ ev_io *io, int revents)
{
	struct path_watches *all = io->data;
	_Alignas(struct inotify_event) char events[EVENTS_BYTES];
	ssize_t n = revents & EV_ERROR ? -1 : read(io->fd, events, sizeof(events));
	const struct inotify_event *e;

	(void)loop;
	for (char *p = events; p < events + n; p += sizeof(*e) + e->len) {
		e = (const struct inotify_event *)p;
		tell(all, e);
	}
}

/* ---- looking ---- */

static void look_at(struct path_watches *all, struct path_watch *w)
{
	if (!w->path)
		return;
	if (w->wd < 0)
		w->wd = watch_directory(all, w);
	w->changed(w);
}

static void look_on(struct path_watches *all);

static void on_turn(struct late *l)
{
	look_on((struct path_watches *)((char *)l - offsetof(struct path_watches, late)));
}

static void look_on(struct path_watches *all)
{
	struct path_watch *w = all->unseen;

	for (unsigned n = 0; w; w = all->unseen) {
		if (n++ >= LOOKS && turn_is_long(all->turn)) {
			turn_wait(all->turn, &all->late, on_turn);
			return;
		}
		all->unseen = LIST_NEXT(w, link);
		look_at(all, w);
	}
}

static void on_look(EV_P_ ev_timer *timer, int revents)
{
	struct path_watches *all = timer->data;

	(void)loop;
	(void)revents;
	if (all->unseen) /* the last look is not over yet */
		return;
	all->unseen = LIST_FIRST(&all->list);
	look_on(all);
}

/* ---- life ---- */

void path_watches_init(struct path_watches *all, struct turn *turn)
{
	*all = (struct path_watches){ .loop = turn->loop, .turn = turn };
	ev_io_init(&all->io, on_events, -1, EV_READ);
	ev_timer_init(&all->look, on_look, LOOK, LOOK);
	all->io.data = all->look.data = all;
	LIST_INIT(&all->list);
}

void path_watches_open(struct path_watches *all)
{
	if (all->io.fd >= 0)
		return;
	ev_io_set(&all->io, inotify_init1(IN_NONBLOCK | IN_CLOEXEC), EV_READ);
	if (all->io.fd >= 0)
		ev_io_start(all->loop, &all->io);
}

void path_watches_end(struct path_watches *all)
{
	turn_forget(all->turn, &all->late);
	if (all->io.fd < 0)
		return;
	ev_io_stop(all->loop, &all->io);
	close(all->io.fd);
	all->io.fd = -1;
}

static void join(struct path_watches *all, struct path_watch *w)
{
	path_watches_open(all);
	if (LIST_EMPTY(&all->list))
		ev_timer_again(all->loop, &all->look);
	w->all = all;
	w->wd = -1;
	LIST_INSERT_HEAD(&all->list, w, link);
}

void path_watch_start(struct path_watches *all, struct path_watch *w, const char *path)
{
	join(all, w);
	w->path = path;
	w->name = strrchr(path, '/') + 1;
	w->wd = watch_directory(all, w);
}

void path_watch_start_file(struct path_watches *all, struct path_watch *w, int fd)
{
	char path[32];

	join(all, w);
	w->path = NULL;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	w->wd = watch_file(all, path, IN_MODIFY);
}

void path_watch_stop(struct path_watch *w)
{
	struct path_watches *all = w->all;
	int wd = w->wd;

	if (!all)
		return;
	if (all->next == w)
		all->next = LIST_NEXT(w, link);
	if (all->unseen == w)
		all->unseen = LIST_NEXT(w, link);
	LIST_REMOVE(w, link);
	w->all = NULL;
	forget(all, wd);
	if (LIST_EMPTY(&all->list))
		ev_timer_stop(all->loop, &all->look);
}
