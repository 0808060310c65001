/* SPDX-License-Identifier: MIT */
/* A service that listens on a socket as a source of messages: each side of the connection
 * ends for itself. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "log.h"
#include "source_connect_impl.h"
#include "watch.h"
#include "ws.h"

#define AT_ONCE 1e-3 /* seconds: ev_timer_again() stops a timer whose repeat is 0 */

static struct source_connect *of(const struct source *s)
{
	return (struct source_connect *)s; /* its first member */
}

static struct ev_loop *loop_of(const struct source_connect *x)
{
	return x->source.hub->bridge->loop;
}

static void count_kept(struct source_connect *x)
{
	stats_follow(&x->stats->input_queue, &x->queued, buf_len(&x->kept));
}

/* What its output is read for: the hub, or only to see its end. */
static bool reads(const struct source_connect *x)
{
	switch (x->state) {
	case CONNECT_OPEN:
		return !x->output_ended && hub_room(x->source.hub) > 0;
	case CONNECT_FLUSHING:
	case CONNECT_DRAINING:
		return !x->output_ended;
	default:
		return false;
	}
}

/* The only place where its watcher starts and stops. */
static void proceed(struct source_connect *x)
{
	bool writes = buf_len(&x->kept) > 0 && !x->input_ended;

	count_kept(x);
	if (x->io.fd >= 0)
		watch(loop_of(x), &x->io,
		      (reads(x) ? EV_READ : 0) | (writes ? EV_WRITE : 0));
}

static void set_timer(struct source_connect *x, double seconds)
{
	struct ev_loop *loop = loop_of(x);

	ev_timer_stop(EV_A_ & x->timer);
	ev_timer_set(&x->timer, seconds, seconds > 0 ? seconds : AT_ONCE);
	ev_timer_start(EV_A_ & x->timer);
}

/* ---- its end ---- */

void source_connect_gone(struct source_connect *x, bool abort)
{
	struct ev_loop *loop = loop_of(x);
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	if (x->state == CONNECT_GONE)
		return;
	x->state = CONNECT_GONE;
	dial_cancel(x->dial);
	x->dial = NULL;
	ev_timer_stop(EV_A_ & x->timer);
	turn_forget(&x->source.hub->bridge->turn, &x->late);
	ev_io_stop(EV_A_ & x->io);
	if (x->io.fd >= 0 && abort)
		setsockopt(x->io.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	if (x->io.fd >= 0)
		close(x->io.fd);
	x->io.fd = -1;
	buf_free(&x->kept);
	count_kept(x);
	(*x->running)--;
	hub_source_gone(x->source.hub);
}

static void end(struct source_connect *x, const struct ending *e)
{
	x->state = CONNECT_ENDED;
	ev_timer_stop(loop_of(x), &x->timer);
	hub_source_ended(x->source.hub, e);
}

/* Its output has ended: well, or by an error of the connection. */
static void end_output(struct source_connect *x)
{
	struct ending e = { 0 };

	if (x->error) {
		e.code = CLOSE_SERVER_ERROR;
		snprintf(e.reason, sizeof(e.reason), "connection to the service: %s",
			 strerror(-x->error));
		log_info(x->who, "%s", e.reason);
	}
	end(x, &e);
}

/* Nothing more can be written. */
static void drop_input(struct source_connect *x)
{
	x->input_ended = true;
	buf_free(&x->kept);
	count_kept(x);
}

/* FLUSHING or DRAINING: is there anything left to wait for? */
static void check_gone(struct source_connect *x)
{
	if (x->state == CONNECT_FLUSHING && x->input_ended) {
		x->state = CONNECT_DRAINING;
		set_timer(x, x->conf->patience);
	}
	if (x->state == CONNECT_DRAINING && x->output_ended)
		source_connect_gone(x, false);
}

/* The service sees the end of its input once it has got what is kept. */
static void end_input_if_done(struct source_connect *x)
{
	if (buf_len(&x->kept) > 0 || !x->finishing || x->input_ended)
		return;
	x->input_ended = true;
	shutdown(x->io.fd, SHUT_WR);
}

static void connect_stop(struct source *s, bool flush)
{
	struct source_connect *x = of(s);

	if (x->state == CONNECT_OPENING || (!flush && buf_len(&x->kept) > 0)) {
		source_connect_gone(x, true);
		return;
	}
	if (x->state != CONNECT_OPEN && x->state != CONNECT_ENDED)
		return;
	x->state = CONNECT_FLUSHING;
	x->finishing = true;
	set_timer(x, x->conf->patience);
	end_input_if_done(x);
	check_gone(x);
	proceed(x);
}

static void connect_kill(struct source *s)
{
	source_connect_gone(of(s), true);
}

static void on_timer(EV_P_ ev_timer *w, int revents)
{
	struct ending e = { .code = CLOSE_POLICY, .reason = "time limit" };
	struct source_connect *x = w->data;

	(void)loop;
	(void)revents;
	if (x->state == CONNECT_OPEN)
		end(x, &e);
	else
		source_connect_gone(x, buf_len(&x->kept) > 0);
}

/* The kernel does not watch it, for want of memory: nothing more would be heard of it. */
static void give_up(struct source_connect *x)
{
	log_error(x->who, "cannot watch the service's socket: out of memory");
	x->error = -ENOMEM;
	x->output_ended = true;
	drop_input(x);
	if (x->state == CONNECT_OPEN)
		end_output(x);
	else
		check_gone(x);
}

/* ---- its input ---- */

/* Writing has failed.  What it has said before can still be read. */
static void lose_input(struct source_connect *x, int error)
{
	log_debug(x->who, "input: %s", strerror(error));
	drop_input(x);
	if (error == EPIPE) /* it takes nothing more, and may go on to speak */
		return;
	x->error = -error;
	shutdown(x->io.fd, SHUT_RDWR); /* its end is awaited as ever */
}

static void write_kept(struct source_connect *x)
{
	ssize_t n = write(x->io.fd, buf_head(&x->kept), buf_len(&x->kept));

	if (n > 0) {
		buf_consume(&x->kept, (size_t)n);
		if (x->state == CONNECT_FLUSHING)
			ev_timer_again(loop_of(x), &x->timer);
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		lose_input(x, errno);
	}
	end_input_if_done(x);
}

static void connect_write(struct source *s, const struct gather *g)
{
	struct source_connect *x = of(s);
	ssize_t n = 0;

	if (x->input_ended || x->finishing)
		return;
	if (buf_len(&x->kept) == 0)
		n = writev(x->io.fd, g->iov, (int)g->n);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		lose_input(x, errno);
		return;
	}
	/* As in source_exec.c: one turn and one message is the most that comes on top of
	 * `queue`. */
	if (gather_save(g, n > 0 ? (size_t)n : 0, &x->kept, SIZE_MAX) < 0) {
		log_error(x->who, "out of memory: what was sent to the service is cut");
		lose_input(x, ENOMEM);
	}
}

static void connect_finish(struct source *s)
{
	struct source_connect *x = of(s);

	x->finishing = true;
	end_input_if_done(x);
}

static size_t connect_kept(const struct source *s)
{
	return buf_len(&of(s)->kept);
}

/* ---- its output ---- */

static void read_output(struct source_connect *x)
{
	struct hub *h = x->source.hub;
	char *p = h->bridge->scratch.read;
	size_t room = x->state == CONNECT_OPEN ? hub_room(h) : TURN_BYTES;
	ssize_t n;

	if (!reads(x) || room == 0) /* another callback of this turn has changed that */
		return;
	n = read(x->io.fd, p, room);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0 && x->error == 0)
		x->error = -errno;
	x->output_ended = n <= 0;
	if (x->state == CONNECT_OPEN)
		hub_output(h, p, n > 0 ? (size_t)n : 0, n <= 0);
	if (x->state == CONNECT_OPEN && x->output_ended)
		end_output(x);
}

static void serve(struct source_connect *x, int revents)
{
	size_t before = buf_len(&x->kept);

	if (revents & EV_WRITE && before > 0)
		write_kept(x);
	if (revents & EV_READ)
		read_output(x);
	check_gone(x);
	if (x->state == CONNECT_GONE)
		return;
	proceed(x);
	if (buf_len(&x->kept) < before)
		hub_source_drained(x->source.hub);
}

static void on_turn(struct late *l)
{
	serve((struct source_connect *)((char *)l -
					offsetof(struct source_connect, late)),
	      EV_READ);
}

static void on_io(EV_P_ ev_io *w, int revents)
{
	struct source_connect *x = w->data;
	struct turn *turn = &x->source.hub->bridge->turn;

	(void)loop;
	if (revents & EV_ERROR) {
		give_up(x);
		return;
	}
	if (revents & EV_READ && (x->late.act || !turn_has_time(turn))) {
		turn_wait(turn, &x->late, on_turn);
		revents &= ~EV_READ;
	}
	serve(x, revents);
}

/* ---- its start ---- */

static void connect_proceed(struct source *s)
{
	proceed(of(s));
}

void source_connect_free(struct source_connect *x)
{
	assert(x->io.fd < 0 && !x->dial);
	buf_free(&x->kept);
	free(x);
}

static void connect_free(struct source *s)
{
	source_connect_free(of(s));
}

static long connect_pid(const struct source *s)
{
	(void)s;
	return 0;
}

static const struct addr *connect_peer(const struct source *s)
{
	return &of(s)->peer;
}

static const struct source_ops connect_ops = {
	.name = "connect",
	.write = connect_write,
	.finish = connect_finish,
	.kept = connect_kept,
	.pid = connect_pid,
	.peer = connect_peer,
	.proceed = connect_proceed,
	.stop = connect_stop,
	.kill = connect_kill,
	.free = connect_free,
};

void source_connect_init(struct source_connect *x)
{
	x->source.ops = &connect_ops;
	ev_io_init(&x->io, on_io, -1, 0);
	ev_init(&x->timer, on_timer);
	x->io.data = x->timer.data = x;
}

void source_connect_opened(struct source_connect *x, int fd, const struct addr *peer)
{
	x->peer = *peer;
	x->state = CONNECT_OPEN;
	ev_io_set(&x->io, fd, 0);
	if (x->conf->max_runtime > 0)
		set_timer(x, x->conf->max_runtime);
	if (buf_len(&x->kept) > 0)
		write_kept(x);
	hub_opened(x->source.hub, 0, NULL);
	proceed(x);
}
