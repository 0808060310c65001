/* SPDX-License-Identifier: MIT */
/* Our end of a named pipe, opened anew whenever its name stands for another. */
#include <errno.h>
#include <unistd.h>

#include "fifo_end.h"
#include "log.h"

void fifo_end_close(struct fifo_end *e)
{
	if (e->io.fd < 0)
		return;
	ev_io_stop(e->bridge->loop, &e->io);
	close(e->io.fd);
	e->io.fd = -1;
}

static int make(const struct fifo_end *e)
{
	return e->create < 0 ? 0 : fifo_make(e->path, (mode_t)e->create);
}

static int open_end(struct fifo_end *e)
{
	int fd = make(e);

	if (fd >= 0)
		fd = fifo_open(e->path, e->writes);
	if (fd < 0)
		return fd;
	fifo_end_close(e); /* only now: a writer always finds a reader */
	ev_io_set(&e->io, fd, 0);
	return 0;
}

/* -ENXIO: nobody reads it yet, a later look finds out whether somebody does. */
static bool is_missing(int err)
{
	return err < 0 && err != -ENXIO;
}

int fifo_end_begin(struct fifo_end *e, struct bridge *bridge)
{
	int r;

	e->bridge = bridge;
	if (!e->path)
		return 0;
	r = open_end(e);
	if (is_missing(r))
		return r;
	path_watch_start(&bridge->paths, &e->watch, e->path);
	return 0;
}

void fifo_end_reopen(struct fifo_end *e, bool keep)
{
	int r = open_end(e);

	if (r < 0 && !keep)
		fifo_end_close(e);
	if (is_missing(r) && !e->missing)
		log_warning(e->who, "%s: %s: %s; waiting for it", e->key, e->path,
			    fifo_strerror(r));
	else if (r == 0 && e->missing)
		log_info(e->who, "%s: %s is there again", e->key, e->path);
	e->missing = is_missing(r);
}

enum fifo_place fifo_end_look(const struct fifo_end *e)
{
	(void)make(e); /* that it cannot be made is told when it is opened */
	return fifo_look(e->io.fd, e->path);
}

void fifo_end_finish(struct fifo_end *e)
{
	path_watch_stop(&e->watch);
	fifo_end_close(e);
}
