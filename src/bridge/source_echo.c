/* SPDX-License-Identifier: MIT */
/* A source without a descriptor: what clients say is what it says. */
#include <errno.h>
#include <stdlib.h>

#include "log.h"
#include "source_echo.h"
#include "ws.h"

struct source_echo {
	struct source source;
	struct path_stats *stats;
	struct buf kept; /* what was said, and the hub has not taken yet */
	size_t queued;   /* of it, as stats has it */
	ev_idle turn; /* the hub may take some of it in the next turn of the loop ... */
	struct late late; /* ... or in another */
	bool finishing;   /* it ends after what is kept */
	bool ended;       /* the hub knows */
	bool gone;
};

static struct source_echo *of(const struct source *s)
{
	return (struct source_echo *)s; /* its first member */
}

/* The only place where it is woken, or not. */
static void proceed(struct source_echo *x)
{
	struct ev_loop *loop = x->source.hub->bridge->loop;
	bool says = buf_len(&x->kept) > 0 && hub_room(x->source.hub) > 0;
	bool ends = buf_len(&x->kept) == 0 && x->finishing && !x->ended;

	stats_follow(&x->stats->input_queue, &x->queued, buf_len(&x->kept));
	if (!x->gone && (says || ends))
		ev_idle_start(EV_A_ & x->turn);
	else
		ev_idle_stop(EV_A_ & x->turn);
}

static void end(struct source_echo *x, unsigned code, const char *reason)
{
	struct ending e = { .code = code };

	if (x->ended)
		return;
	x->ended = true;
	snprintf(e.reason, sizeof(e.reason), "%s", reason);
	hub_source_ended(x->source.hub, &e);
}

static void say(struct source_echo *x)
{
	struct hub *h = x->source.hub;
	size_t n = hub_room(h);

	if (n > buf_len(&x->kept))
		n = buf_len(&x->kept);
	if (n > 0) {
		hub_output(h, buf_head(&x->kept), n, false);
		buf_consume(&x->kept, n);
		hub_source_drained(h);
	} else if (x->finishing && buf_len(&x->kept) == 0) {
		end(x, 0, "");
	}
	proceed(x);
}

static void on_late(struct late *l)
{
	say((struct source_echo *)((char *)l - offsetof(struct source_echo, late)));
}

static void on_turn(EV_P_ ev_idle *w, int revents)
{
	struct source_echo *x = w->data;
	struct turn *turn = &x->source.hub->bridge->turn;

	(void)loop;
	(void)revents;
	if (x->late.act || !turn_has_time(turn))
		turn_wait(turn, &x->late, on_late);
	else
		say(x);
}

static void echo_write(struct source *s, const struct gather *g)
{
	struct source_echo *x = of(s);

	if (x->finishing || x->ended)
		return;
	if (gather_save(g, 0, &x->kept, SIZE_MAX) < 0) {
		buf_free(&x->kept); /* a part of a message may be in it */
		end(x, CLOSE_SERVER_ERROR, "out of memory");
	}
	proceed(x);
}

static void echo_finish(struct source *s)
{
	of(s)->finishing = true;
	proceed(of(s));
}

static size_t echo_kept(const struct source *s)
{
	return buf_len(&of(s)->kept);
}

static long echo_pid(const struct source *s)
{
	(void)s;
	return 0;
}

static void echo_proceed(struct source *s)
{
	proceed(of(s));
}

static void echo_kill(struct source *s)
{
	struct source_echo *x = of(s);

	if (x->gone)
		return;
	x->gone = x->ended = true;
	turn_forget(&s->hub->bridge->turn, &x->late);
	proceed(x);
	hub_source_gone(s->hub);
}

static void echo_stop(struct source *s, bool flush)
{
	(void)flush; /* nobody is left to hear it */
	echo_kill(s);
}

static void echo_free(struct source *s)
{
	struct source_echo *x = of(s);

	buf_free(&x->kept);
	stats_follow(&x->stats->input_queue, &x->queued, 0);
	free(x);
}

static const struct source_ops echo_ops = {
	.name = "echo",
	.write = echo_write,
	.finish = echo_finish,
	.kept = echo_kept,
	.pid = echo_pid,
	.proceed = echo_proceed,
	.stop = echo_stop,
	.kill = echo_kill,
	.free = echo_free,
};

int source_echo_open(struct hub *h, struct path_stats *stats)
{
	struct source_echo *x = calloc(1, sizeof(*x));

	if (!x)
		return -ENOMEM;
	x->source = (struct source){ &echo_ops, h };
	x->stats = stats;
	ev_idle_init(&x->turn, on_turn);
	ev_set_priority(&x->turn, EV_MAXPRI); /* in the next turn, however busy that is */
	x->turn.data = x;
	hub_attach(h, &x->source);
	return 0;
}
