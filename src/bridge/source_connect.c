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
#include "source_connect.h"
#include "watch.h"
#include "ws.h"

#define WHO_MAX 96
#define AT_ONCE 1e-3 /* seconds: ev_timer_again() stops a timer whose repeat is 0 */

enum connect_state {
	CONNECT_OPENING,
	CONNECT_OPEN,     /* the hub needs it */
	CONNECT_ENDED,    /* it has said everything, or max_runtime is over; the hub knows
			   */
	CONNECT_FLUSHING, /* nobody needs it, but what was written to it still goes to it
			   */
	CONNECT_DRAINING, /* it has got everything and its end; its own is awaited, so
			   * that no RST eats the tail */
	CONNECT_GONE,
};

struct source_connect {
	struct source source;
	const struct connect_conf *conf;
	struct stream_conf tune;
	unsigned *running;
	enum connect_state state;
	struct dial *dial; /* CONNECT_OPENING */
	ev_io io;          /* fd -1: not open */
	struct buf kept;   /* for it */
	size_t queued;     /* of it, as stats has it */
	struct path_stats *stats;
	bool finishing;    /* its input ends after what is kept */
	bool input_ended;  /* it has got its end, or takes nothing more */
	bool output_ended; /* its own end has come */
	int error;         /* -errno of the connection; 0: none */
	ev_timer timer;    /* CONNECT_OPEN: max_runtime; later: patience */
	struct addr peer;  /* that it is connected to */
	char who[WHO_MAX];
};

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

/* It is closed; with ABORT the service sees that something is missing. */
static void be_gone(struct source_connect *x, bool abort)
{
	struct ev_loop *loop = loop_of(x);
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	if (x->state == CONNECT_GONE)
		return;
	x->state = CONNECT_GONE;
	dial_cancel(x->dial);
	x->dial = NULL;
	ev_timer_stop(EV_A_ & x->timer);
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
		be_gone(x, false);
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
		be_gone(x, true);
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
	be_gone(of(s), true);
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
		be_gone(x, buf_len(&x->kept) > 0);
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

static void on_io(EV_P_ ev_io *w, int revents)
{
	struct source_connect *x = w->data;
	size_t before = buf_len(&x->kept);

	(void)loop;
	if (revents & EV_ERROR) {
		give_up(x);
		return;
	}
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

/* ---- its start ---- */

static void connect_proceed(struct source *s)
{
	proceed(of(s));
}

static void connect_free(struct source *s)
{
	struct source_connect *x = of(s);

	assert(x->io.fd < 0 && !x->dial);
	buf_free(&x->kept);
	free(x);
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

static const char *words_for(int error, bool found)
{
	if (!found && error == -ENOENT)
		return "there is no such name";
	if (!found && error == -ETIMEDOUT)
		return "no name server answers";
	if (!found && error == -EIO)
		return "no name server can tell";
	return strerror(-error);
}

/* It is not there.  TO is the address that was tried last, or NULL: its name has none. */
static void fail(struct source_connect *x, int error, const struct addr *to)
{
	const struct dial_target *target = &x->conf->target;
	const char *why = error == -ETIMEDOUT
				  ? "the service does not answer (connect_timeout)"
				  : "the service cannot be reached";
	char at[ADDR_TEXT];

	x->stats->spawn_failures++;
	if (to && target->name)
		log_error(x->who, "connect: %s at %s: %s", target->text,
			  addr_text(to, at), strerror(-error));
	else
		log_error(x->who, "connect: %s: %s", target->text,
			  words_for(error, to != NULL));
	hub_opened(x->source.hub, error, why);
	be_gone(x, false);
}

static void on_dialed(void *data, int fd, int error, const struct addr *to)
{
	struct source_connect *x = data;
	char at[ADDR_TEXT];

	x->dial = NULL;
	if (error < 0) {
		fail(x, error, to);
		return;
	}
	x->peer = *to;
	x->state = CONNECT_OPEN;
	x->stats->spawns++;
	log_debug(x->who, "connected to %s", addr_text(to, at));
	if (to->sa.sa_family != AF_UNIX)
		stream_tune(fd, &x->tune);
	ev_io_set(&x->io, fd, 0);
	if (x->conf->max_runtime > 0)
		set_timer(x, x->conf->max_runtime);
	if (buf_len(&x->kept) > 0)
		write_kept(x);
	hub_opened(x->source.hub, 0, NULL);
	if (x->state != CONNECT_GONE)
		proceed(x);
}

static struct source_connect *source_connect_new(struct hub *h,
						 const struct connect_start *start)
{
	struct source_connect *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->source = (struct source){ &connect_ops, h };
	x->conf = start->conf;
	x->tune = *start->tune;
	x->running = start->running;
	x->stats = start->stats;
	ev_io_init(&x->io, on_io, -1, 0);
	ev_init(&x->timer, on_timer);
	x->io.data = x->timer.data = x;
	snprintf(x->who, sizeof(x->who), "%s", start->who);
	return x;
}

int source_connect_open(struct hub *h, const struct connect_start *start)
{
	struct source_connect *x = source_connect_new(h, start);
	struct dial_start dial = {
		.target = &start->conf->target,
		.resolver = start->resolver,
		.seconds = start->conf->timeout,
		.done = on_dialed,
		.data = x,
	};
	int r;

	if (!x)
		return -ENOMEM;
	r = buf_append(&x->kept, start->header.p, start->header.n, SIZE_MAX);
	if (r == 0)
		r = dial_begin(h->bridge->loop, &dial, &x->dial);
	if (r < 0) {
		connect_free(&x->source);
		return r;
	}
	count_kept(x);
	(*x->running)++;
	h->opening = true;
	hub_attach(h, &x->source);
	return 0;
}
