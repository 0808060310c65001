/* SPDX-License-Identifier: MIT */
/* A connection to a service while it is being opened. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dial.h"
#include "sys.h"

#define AGAIN 0.02 /* seconds between tries of a Unix socket whose backlog is full */

enum dial_state {
	DIAL_LOOKUP,     /* the name's addresses are awaited */
	DIAL_CONNECTING, /* the answer of one of them */
	DIAL_PAUSING, /* about to begin; or a Unix socket's backlog is full, and nothing
			 tells when it is not */
};

struct dial {
	struct ev_loop *loop;
	enum dial_state state;
	const struct dial_target *target;
	struct resolver_lookup lookup;
	struct addr addr[RESOLVER_ADDRESSES];
	unsigned n, at; /* how many there are, and which one is being tried */
	double until;   /* when the time for everything is over */
	ev_io io;       /* fd -1: none */
	ev_timer timer; /* ends the time of an address, or a pause */
	int error;      /* -errno of the last address that failed */
	dial_done *done;
	void *data;
};

static void set_timer(struct dial *d, double seconds)
{
	ev_timer_stop(d->loop, &d->timer);
	ev_timer_set(&d->timer, seconds > 0 ? seconds : 0, 0);
	ev_timer_start(d->loop, &d->timer);
}

/* Let go of the descriptor. */
static int take_fd(struct dial *d)
{
	int fd = d->io.fd;

	ev_io_stop(d->loop, &d->io);
	d->io.fd = -1;
	return fd;
}

static void close_fd(struct dial *d)
{
	int fd = take_fd(d);

	if (fd >= 0)
		close(fd);
}

void dial_cancel(struct dial *d)
{
	if (!d)
		return;
	resolver_cancel(&d->lookup);
	ev_timer_stop(d->loop, &d->timer);
	close_fd(d);
	free(d);
}

static void finish(struct dial *d, int error)
{
	int fd = error == 0 ? take_fd(d) : -1;
	unsigned last = d->at < d->n ? d->at : d->n - 1;

	ev_timer_stop(d->loop, &d->timer);
	close_fd(d);
	d->done(d->data, fd, error, d->n > 0 ? &d->addr[last] : NULL);
	dial_cancel(d);
}

/* ---- one address ---- */

/* The kernel may choose for us the very port that is tried: where nobody listens on it,
 * TCP connects the socket with itself (RFC 9293 3.5, both sides at once).  Such a one is
 * given up without TIME-WAIT, for the port is the service's. */
static bool is_itself(int fd)
{
	struct addr here = { .len = sizeof(here.un) }, there = here;
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	if (getsockname(fd, &here.sa, &here.len) < 0 ||
	    getpeername(fd, &there.sa, &there.len) < 0 || here.sa.sa_family == AF_UNIX ||
	    here.len != there.len || memcmp(&here.sa, &there.sa, here.len) != 0)
		return false;
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	return true;
}

/* 0, -EINPROGRESS, or another -errno. */
static int connect_to(struct dial *d, const struct addr *a)
{
	int fd = socket(a->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	ev_io_set(&d->io, fd, EV_WRITE);
	if (connect(fd, &a->sa, a->len) == 0)
		return is_itself(fd) ? -ECONNREFUSED : 0;
	return errno == EINTR ? -EINPROGRESS : -errno;
}

/* What happened to the connection that has been begun. */
static int outcome(int fd)
{
	socklen_t n = sizeof(int);
	int error = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0)
		return -errno;
	return error == 0 && is_itself(fd) ? -ECONNREFUSED : -error;
}

/* Try the address at D->at, and those behind it, until one may be it. */
static void try(struct dial *d)
{
	int r;

	for (; d->at < d->n; d->at++) {
		double left = d->until - sys_now();

		if (left <= 0)
			d->error = -ETIMEDOUT;
		if (left <= 0)
			break;
		r = connect_to(d, &d->addr[d->at]);
		if (r == 0 || r == -EMFILE || r == -ENFILE) {
			finish(d, r);
			return;
		}
		if (r == -EAGAIN && d->addr[d->at].sa.sa_family == AF_UNIX) {
			close_fd(d);
			d->state = DIAL_PAUSING;
			set_timer(d, left < AGAIN ? left : AGAIN);
			return;
		}
		if (r == -EINPROGRESS) {
			d->state = DIAL_CONNECTING;
			ev_io_start(d->loop, &d->io);
			set_timer(d, left / (d->n - d->at));
			return;
		}
		close_fd(d);
		d->error = r;
	}
	finish(d, d->error);
}

static void next(struct dial *d, int error)
{
	close_fd(d);
	d->error = error;
	d->at++;
	try(d);
}

static void on_io(EV_P_ ev_io *w, int revents)
{
	struct dial *d = w->data;
	int r = revents & EV_ERROR ? -ENOMEM : outcome(w->fd);

	(void)loop;
	if (r == 0)
		finish(d, 0);
	else
		next(d, r);
}

static void on_timer(EV_P_ ev_timer *w, int revents)
{
	struct dial *d = w->data;

	(void)loop;
	(void)revents;
	if (d->state == DIAL_LOOKUP)
		finish(d, -ETIMEDOUT);
	else if (d->state == DIAL_CONNECTING)
		next(d, -ETIMEDOUT);
	else
		try(d);
}

/* ---- its begin ---- */

static void on_found(struct resolver_lookup *l, const struct addr *a, unsigned n,
		     int error)
{
	struct dial *d = (struct dial *)((char *)l - offsetof(struct dial, lookup));

	for (d->n = 0; d->n < n; d->n++) {
		struct addr *to = &d->addr[d->n];

		*to = a[d->n];
		if (to->sa.sa_family == AF_INET)
			to->in.sin_port = htons((uint16_t)d->target->port);
		else
			to->in6.sin6_port = htons((uint16_t)d->target->port);
	}
	d->error = error;
	try(d);
}

int dial_begin(struct ev_loop *loop, const struct dial_start *start, struct dial **ret)
{
	const struct dial_target *target = start->target;
	struct dial *d = calloc(1, sizeof(*d));
	int error = 0;

	if (!d)
		return -ENOMEM;
	d->loop = loop;
	d->target = target;
	d->done = start->done;
	d->data = start->data;
	d->until = sys_now() + start->seconds;
	d->lookup.found = on_found;
	ev_io_init(&d->io, on_io, -1, EV_WRITE);
	ev_init(&d->timer, on_timer);
	d->io.data = d->timer.data = d;
	if (target->addr.len > 0) {
		d->addr[d->n++] = target->addr;
		d->state = DIAL_PAUSING;
		set_timer(d, 0);
	} else {
		error = resolver_begin(start->resolver, target->name, &d->lookup);
		set_timer(d, start->seconds);
	}
	if (error < 0) {
		dial_cancel(d);
		return error;
	}
	*ret = d;
	return 0;
}
