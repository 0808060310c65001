/* SPDX-License-Identifier: MIT */
/* watch.h - changes what a watcher waits for, and tells libev only if it really
 * changes. */
#ifndef IO_WATCH_H
#define IO_WATCH_H

#include <ev.h>

/* Let W watch its descriptor for EVENTS (EV_READ, EV_WRITE, both; 0 stops it). */
static inline void watch(EV_P_ ev_io *w, int events)
{
	if (ev_is_active(w) && (w->events & (EV_READ | EV_WRITE)) == events)
		return;
	ev_io_stop(EV_A_ w);
	if (events == 0)
		return;
	ev_io_set(w, w->fd, events);
	ev_io_start(EV_A_ w);
}

#endif
