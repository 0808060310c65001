/* SPDX-License-Identifier: MIT */
/* The control commands as a source of messages: a caller between a hub's bytes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source_control.h"

enum control_state {
	CONTROL_OPEN,    /* the hub needs it */
	CONTROL_ENDED,   /* everything has been said; the hub knows */
	CONTROL_STOPPED, /* nobody needs it, but its caller is at work */
	CONTROL_GONE,
};

struct source_control {
	struct source source; /* the first member */
	enum control_state state;
	bool working;  /* commands run, and any may end this very client */
	ev_timer turn; /* there is something to do, not in a callback of others */
	unsigned *running;
	struct caller caller;
};

static struct source_control *of(const struct source *s)
{
	return (struct source_control *)s;
}

static struct ev_loop *loop_of(const struct source_control *x)
{
	return x->source.hub->bridge->loop;
}

static bool has_said_all(struct source_control *x)
{
	return x->caller.over || (x->caller.ended && caller_is_idle(&x->caller));
}

/* The only place where its timer starts and stops. */
static void proceed(struct source_control *x)
{
	struct ev_loop *loop = loop_of(x);
	struct caller *c = &x->caller;
	bool sends = buf_len(&c->out) > 0 && hub_room(x->source.hub) > 0;

	if (x->state != CONTROL_OPEN ||
	    !(sends || caller_has_work(c) || has_said_all(x))) {
		ev_timer_stop(EV_A_ & x->turn);
	} else if (!ev_is_active(&x->turn)) {
		ev_timer_set(&x->turn, 0, 0);
		ev_timer_start(EV_A_ & x->turn);
	}
}

/* ---- its end ---- */

static void leave(struct source_control *x)
{
	ev_timer_stop(loop_of(x), &x->turn);
	caller_end(&x->caller);
	x->state = CONTROL_GONE;
	(*x->running)--;
	hub_source_gone(x->source.hub);
}

static void control_stop(struct source *s, bool flush)
{
	struct source_control *x = of(s);

	(void)flush; /* what nobody hears the answer of is not asked */
	if (x->state == CONTROL_GONE)
		return;
	x->state = CONTROL_STOPPED;
	if (!x->working)
		leave(x);
}

static void control_kill(struct source *s)
{
	control_stop(s, false);
}

static void end(struct source_control *x)
{
	struct ending e = { 0 };

	if (x->caller.over)
		e = (struct ending){ .code = CLOSE_SERVER_ERROR,
				     .reason = "out of memory" };
	x->state = CONTROL_ENDED;
	hub_source_ended(x->source.hub, &e);
}

/* ---- its turns ---- */

static void work(struct source_control *x)
{
	size_t waited = buf_len(&x->caller.in);

	x->working = true;
	caller_work(&x->caller);
	x->working = false;
	if (x->state == CONTROL_STOPPED)
		leave(x);
	else if (buf_len(&x->caller.in) < waited)
		hub_source_drained(x->source.hub);
}

/* Not out of the caller's own storage: whoever gets it may end the caller. */
static void send_out(struct source_control *x)
{
	struct hub *h = x->source.hub;
	struct buf *out = &x->caller.out;
	size_t n = hub_room(h);

	if (n > buf_len(out))
		n = buf_len(out);
	if (n == 0)
		return;
	memcpy(h->bridge->scratch.read, buf_head(out), n);
	buf_consume(out, n);
	hub_output(h, h->bridge->scratch.read, n, false);
}

static void on_turn(EV_P_ ev_timer *w, int revents)
{
	struct source_control *x = w->data;

	(void)loop;
	(void)revents;
	work(x);
	if (x->state == CONTROL_OPEN)
		send_out(x);
	if (x->state == CONTROL_OPEN && has_said_all(x))
		end(x);
	if (x->state == CONTROL_OPEN)
		proceed(x);
}

static void on_stirred(struct caller *c)
{
	struct source_control *x =
		(struct source_control *)((char *)c -
					  offsetof(struct source_control, caller));

	proceed(x);
}

/* ---- for its hub ---- */

static void control_write(struct source *s, const struct gather *g)
{
	struct source_control *x = of(s);

	if (x->state != CONTROL_OPEN || x->caller.ended)
		return;
	/* The session stops reading long before this is much. */
	if (gather_save(g, 0, &x->caller.in, SIZE_MAX) < 0)
		x->caller.over = true;
	proceed(x);
}

static void control_finish(struct source *s)
{
	struct source_control *x = of(s);

	x->caller.ended = true;
	proceed(x);
}

static size_t control_kept(const struct source *s)
{
	return buf_len(&of(s)->caller.in);
}

static long control_pid(const struct source *s)
{
	(void)s;
	return 0;
}

static void control_proceed(struct source *s)
{
	proceed(of(s));
}

static void control_free(struct source *s)
{
	free(of(s));
}

static const struct source_ops control_ops = {
	.name = "control",
	.write = control_write,
	.finish = control_finish,
	.kept = control_kept,
	.pid = control_pid,
	.proceed = control_proceed,
	.stop = control_stop,
	.kill = control_kill,
	.free = control_free,
};

int source_control_open(struct hub *h, const struct control_start *start)
{
	struct source_control *x = calloc(1, sizeof(*x));

	if (!x)
		return -ENOMEM;
	x->source = (struct source){ &control_ops, h };
	x->running = start->running;
	x->caller = (struct caller){
		.server = start->server,
		.rights = start->rights,
		.fd = -1,
		.stirred = on_stirred,
	};
	snprintf(x->caller.who, sizeof(x->caller.who), "%s", start->who);
	ev_init(&x->turn, on_turn);
	x->turn.data = x;
	(*x->running)++;
	hub_attach(h, &x->source);
	return 0;
}
