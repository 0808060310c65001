/* SPDX-License-Identifier: MIT */
/* Named pipes as a source: whoever writes and reads them comes and goes. */
#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fifo_end.h"
#include "log.h"
#include "source_fifo.h"
#include "watch.h"

#define WHO_MAX 96
#define PATIENCE 1.0    /* seconds for a reader to take what was said last */
#define FLUSH_LOOK 0.02 /* between looks whether one has */

enum fifo_state {
	FIFO_OPEN,     /* the hub needs it */
	FIFO_FLUSHING, /* nobody needs it, but what was written to it is still to be read
			*/
	FIFO_GONE,
};

struct source_fifo {
	struct source source;
	const struct fifo_conf *conf;
	enum fifo_state state;
	struct fifo_end in, out; /* what we read, what we write */
	struct buf kept;         /* for out */
	size_t queued;           /* of it, as stats has it */
	struct path_stats *stats;
	struct late late; /* what is there is read when a turn has time */
	ev_timer look;    /* FIFO_FLUSHING */
	double patient;   /* until then */
	char who[WHO_MAX];
};

static struct source_fifo *of(const struct source *s)
{
	return (struct source_fifo *)s; /* its first member */
}

static struct bridge *bridge_of(const struct source_fifo *x)
{
	return x->source.hub->bridge;
}

/* The only place where its watchers start and stop. */
static void proceed(struct source_fifo *x)
{
	struct ev_loop *loop = bridge_of(x)->loop;
	bool reads = x->state == FIFO_OPEN && hub_room(x->source.hub) > 0;
	bool writes = x->state != FIFO_GONE && buf_len(&x->kept) > 0;

	stats_follow(&x->stats->input_queue, &x->queued, buf_len(&x->kept));
	if (!reads)
		turn_forget(&bridge_of(x)->turn, &x->late);
	if (x->in.io.fd >= 0)
		watch(EV_A_ & x->in.io, reads ? EV_READ : 0);
	if (x->out.io.fd >= 0)
		watch(EV_A_ & x->out.io, writes ? EV_WRITE : 0);
}

/* ---- reading ---- */

/* All writers have left: what is unfinished is a message.  The same descriptor would say
 * nothing but that end from now on, a new one waits for the next writer. */
static void writers_left(struct source_fifo *x)
{
	if (hub_cut(x->source.hub))
		log_warning(x->who, "%s: its writer left inside a message", x->in.key);
	fifo_end_reopen(&x->in, false);
}

enum fifo_read {
	READ_SOME,  /* there may be more */
	READ_SHORT, /* there was no more */
	READ_NOTHING,
	READ_END,
};

/* As much of what is there as the hub takes. */
static enum fifo_read read_some(struct source_fifo *x)
{
	struct hub *h = x->source.hub;
	char *p = h->bridge->scratch.read;
	size_t room = x->state == FIFO_OPEN ? hub_room(h) : 0;
	ssize_t n;

	if (room == 0) /* another callback of this turn has used it up */
		return READ_SOME;
	n = read(x->in.io.fd, p, room);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return READ_NOTHING;
	if (n <= 0)
		return READ_END;
	hub_output(h, p, (size_t)n, false);
	return (size_t)n < room ? READ_SHORT : READ_SOME;
}

/* The same, and whether that was the end: of a writer that came and left before our
 * descriptor was opened the kernel tells nothing but its bytes. */
static enum fifo_read read_on(struct source_fifo *x)
{
	enum fifo_read last = read_some(x);

	return last == READ_SHORT ? read_some(x) : last;
}

/* Another FIFO has the name of the one that is open: it is read empty first. */
static void replaced(struct source_fifo *x)
{
	enum fifo_read last = read_on(x);

	if ((last == READ_NOTHING || last == READ_END) && x->state == FIFO_OPEN)
		writers_left(x);
}

static void read_in(struct source_fifo *x)
{
	if (x->in.io.fd >= 0 && read_on(x) == READ_END)
		writers_left(x);
	proceed(x);
}

static void on_turn(struct late *l)
{
	read_in((struct source_fifo *)((char *)l - offsetof(struct source_fifo, late)));
}

static void on_in(EV_P_ ev_io *w, int revents)
{
	struct source_fifo *x = w->data;
	struct turn *turn = &bridge_of(x)->turn;

	(void)loop;
	if (revents & EV_ERROR) { /* the kernel does not watch it */
		log_error(x->who, "%s: out of memory", x->in.key);
		fifo_end_close(&x->in); /* the next look opens it again */
		return;
	}
	if (x->late.act || !turn_has_time(turn))
		turn_wait(turn, &x->late, on_turn);
	else
		read_in(x);
}

/* ---- writing ---- */

/* EPIPE: no reader is left, which is told only where we may not be one ourselves. */
static void cannot_write(struct source_fifo *x)
{
	if (errno != EAGAIN && errno != EINTR)
		fifo_end_reopen(&x->out, false);
}

static void on_out(EV_P_ ev_io *w, int revents)
{
	struct source_fifo *x = w->data;
	ssize_t n;

	(void)loop;
	if (revents & EV_ERROR) {
		log_error(x->who, "%s: out of memory", x->out.key);
		fifo_end_close(&x->out);
		return;
	}
	n = write(w->fd, buf_head(&x->kept), buf_len(&x->kept));
	if (n > 0)
		buf_consume(&x->kept, (size_t)n);
	else if (n < 0)
		cannot_write(x);
	proceed(x);
	hub_source_drained(x->source.hub);
}

static void fifo_write(struct source *s, const struct gather *g)
{
	struct source_fifo *x = of(s);
	struct fifo_end *out = &x->out;
	ssize_t n = 0;

	if (!out->path || x->state != FIFO_OPEN)
		return;
	if (buf_len(&x->kept) == 0 && out->io.fd >= 0)
		n = writev(out->io.fd, g->iov, (int)g->n);
	if (n < 0)
		cannot_write(x);
	if (gather_save(g, n > 0 ? (size_t)n : 0, &x->kept, SIZE_MAX) < 0) {
		log_error(x->who, "%s: out of memory: messages are lost", out->key);
		buf_free(&x->kept);
	}
	proceed(x);
}

/* A FIFO outlives its clients: their end of input is none of its own. */
static void fifo_finish(struct source *s)
{
	(void)s;
}

static size_t fifo_kept(const struct source *s)
{
	return buf_len(&of(s)->kept);
}

/* ---- looks ---- */

static void look(struct source_fifo *x, struct fifo_end *e, enum fifo_place now)
{
	bool reads = e->io.fd >= 0 && !e->writes;

	if (now == FIFO_SAME)
		return;
	if (now == FIFO_OTHER && reads)
		replaced(x);
	else
		fifo_end_reopen(e, reads); /* who writes it may go on without its name */
}

static void on_changed(struct path_watch *w)
{
	struct fifo_end *e =
		(struct fifo_end *)((char *)w - offsetof(struct fifo_end, watch));
	struct source_fifo *x = e->io.data;

	if (x->state == FIFO_GONE)
		return;
	look(x, e, fifo_end_look(e));
	proceed(x);
}

/* ---- the end ---- */

static void gone(struct source_fifo *x)
{
	x->state = FIFO_GONE;
	ev_timer_stop(bridge_of(x)->loop, &x->look);
	proceed(x);
	hub_source_gone(x->source.hub);
}

/* Bytes that no reader has taken, here and in the FIFO. */
static size_t unread(const struct source_fifo *x)
{
	int n = 0;

	if (x->out.io.fd < 0 || ioctl(x->out.io.fd, FIONREAD, &n) < 0)
		return 0;
	return buf_len(&x->kept) + (size_t)n;
}

static void on_look(EV_P_ ev_timer *w, int revents)
{
	struct source_fifo *x = w->data;

	(void)loop;
	(void)revents;
	if (unread(x) == 0 || bridge_of(x)->now >= x->patient)
		gone(x);
}

static void fifo_kill(struct source *s)
{
	if (of(s)->state != FIFO_GONE)
		gone(of(s));
}

static void fifo_stop(struct source *s, bool flush)
{
	struct source_fifo *x = of(s);

	if (x->state != FIFO_OPEN)
		return;
	if (!flush || unread(x) == 0) {
		gone(x);
		return;
	}
	x->state = FIFO_FLUSHING;
	x->patient = bridge_of(x)->now + PATIENCE;
	ev_timer_again(bridge_of(x)->loop, &x->look);
	proceed(x);
}

static void fifo_free(struct source *s)
{
	struct source_fifo *x = of(s);

	fifo_end_finish(&x->in);
	fifo_end_finish(&x->out);
	buf_free(&x->kept);
	stats_follow(&x->stats->input_queue, &x->queued, 0);
	free(x);
}

/* ---- the beginning ---- */

static void fifo_proceed(struct source *s)
{
	proceed(of(s));
}

static long fifo_pid(const struct source *s)
{
	(void)s;
	return 0;
}

static const struct source_ops fifo_ops = {
	.name = "fifo",
	.write = fifo_write,
	.finish = fifo_finish,
	.kept = fifo_kept,
	.pid = fifo_pid,
	.proceed = fifo_proceed,
	.stop = fifo_stop,
	.kill = fifo_kill,
	.free = fifo_free,
};

static void init_end(struct source_fifo *x, struct fifo_end *e)
{
	*e = (struct fifo_end){
		.key = e == &x->in ? "read_fifo" : "write_fifo",
		.path = e == &x->in ? x->conf->read : x->conf->write,
		.who = x->who,
		.create = x->conf->create,
		.writes = e == &x->out,
		.watch.changed = on_changed,
	};
	ev_io_init(&e->io, e->writes ? on_out : on_in, -1, 0);
	e->io.data = x;
}

static struct source_fifo *fifo_new(struct hub *h, const struct fifo_start *start)
{
	struct source_fifo *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->source = (struct source){ &fifo_ops, h };
	x->conf = start->conf;
	x->stats = start->stats;
	init_end(x, &x->in);
	init_end(x, &x->out);
	ev_timer_init(&x->look, on_look, FLUSH_LOOK, FLUSH_LOOK);
	x->look.data = x;
	snprintf(x->who, sizeof(x->who), "%s", start->who);
	return x;
}

int source_fifo_open(struct hub *h, const struct fifo_start *start, const char **ret_what)
{
	struct source_fifo *x = fifo_new(h, start);
	int r;

	*ret_what = "calloc";
	if (!x)
		return -ENOMEM;
	*ret_what = x->in.path;
	r = fifo_end_begin(&x->in, h->bridge);
	if (r == 0) {
		*ret_what = x->out.path;
		r = fifo_end_begin(&x->out, h->bridge);
	}
	if (r < 0) {
		fifo_free(&x->source);
		return r;
	}
	hub_attach(h, &x->source);
	proceed(x);
	return 0;
}
