/* SPDX-License-Identifier: MIT */
/* A process from its start through the steps of its way out. */
#include <errno.h>
#include <signal.h>
#include <stddef.h>

#include "child_impl.h"
#include "child_spawn.h"

/* Seconds between SIGKILLs, for a group that forks while it is killed or sits in the
 * kernel, and how many of them: then what is left of a group whose leader has ended is
 * not waited for. */
#define KILL_AGAIN 1.0
#define KILLS 3

static double after_eof(const struct child_stop *stop)
{
	return stop->eof_timeout;
}

static double after_signal(const struct child_stop *stop)
{
	return stop->term_after;
}

static double after_term(const struct child_stop *stop)
{
	return stop->stop_timeout - stop->term_after;
}

static double after_kill(const struct child_stop *stop)
{
	(void)stop;
	return KILL_AGAIN;
}

static int first_signal(const struct child_stop *stop)
{
	return stop->signal;
}

static int second_signal(const struct child_stop *stop)
{
	return stop->term_after > 0 ? SIGTERM : 0;
}

static int last_signal(const struct child_stop *stop)
{
	(void)stop;
	return SIGKILL;
}

/* On entering a step: send its signal, then wait; then the next. */
static const struct {
	int (*signal)(const struct child_stop *stop); /* NULL, 0: none */
	double (*wait)(const struct child_stop *stop);
	enum child_step next;
} steps[STEP_COUNT] = {
	[STEP_EOF] = { NULL, after_eof, STEP_SIGNAL },
	[STEP_SIGNAL] = { first_signal, after_signal, STEP_TERM },
	[STEP_TERM] = { second_signal, after_term, STEP_KILL },
	[STEP_KILL] = { last_signal, after_kill, STEP_KILL },
};

static bool reaches_orphans(const struct child *c)
{
	return c->id != 0 && c->stop->scope != STOP_GROUP;
}

static bool has_orphans(struct child *c)
{
	if (!reaches_orphans(c))
		return false;
	children_find_orphans(c->all);
	return orphans_any(&c->all->orphans, c->id);
}

static void signal_more(struct late *l);

/* The round's signal to the orphans of C that have not got it yet, those first met now
 * among them. */
static void signal_orphans(struct child *c)
{
	struct orphans *o = &c->all->orphans;

	children_find_orphans(c->all);
	if (!orphans_signal(o, c->id, c->signal, c->round) || o->cut)
		turn_wait(c->all->turn, &c->late, signal_more);
}

static void signal_more(struct late *l)
{
	signal_orphans((struct child *)((char *)l - offsetof(struct child, late)));
}

static void send_signal(struct child *c, int sig)
{
	if (c->state != CHILD_EMPTY)
		kill(-c->pid, sig);
	if (c->state != CHILD_EMPTY && sig != SIGKILL)
		kill(-c->pid, SIGCONT); /* a stopped process sees no other signal */
	if (!reaches_orphans(c))
		return;
	c->signal = (uint8_t)sig;
	c->round++;
	signal_orphans(c);
}

static void enter(struct child *c, enum child_step step)
{
	int sig = steps[step].signal ? steps[step].signal(c->stop) : 0;

	c->step = step;
	c->kills += step == STEP_KILL && c->kills < KILLS;
	if (sig != 0)
		send_signal(c, sig);
	ev_timer_stop(c->all->loop, &c->timer);
	ev_timer_set(&c->timer, steps[step].wait(c->stop), 0);
	ev_timer_start(c->all->loop, &c->timer);
}

/* Has the last process of its group ended? */
static void check_group(struct child *c)
{
	if (c->state == CHILD_EXITED && kill(-c->pid, 0) < 0 && errno == ESRCH)
		c->state = CHILD_EMPTY;
}

static void gone(struct child *c)
{
	LIST_REMOVE(c, link);
	c->state = CHILD_GONE;
	if (c->step != STEP_NONE) {
		turn_forget(c->all->turn, &c->late);
		ev_timer_stop(c->all->loop, &c->timer);
	}
	c->changed(c->all->loop, c);
}

static void on_step(EV_P_ ev_timer *w, int revents)
{
	struct child *c = w->data;

	(void)revents;
	if (!turn_has_time(c->all->turn)) { /* many were set at once: in the next turn */
		ev_timer_set(w, 0, 0);
		ev_timer_start(EV_A_ w);
		return;
	}
	/* A group whose last member was no child of ours ends without a SIGCHLD; zombies
	 * whose parent has left the group and does not wait for them never do. */
	check_group(c);
	children_changed(c->all);
	if (c->state != CHILD_RUNNING && c->kills == KILLS)
		gone(c);
	else
		enter(c, steps[c->step].next);
}

void child_stop(struct child *c, const struct child_stop *stop, enum child_step first)
{
	if (c->step != STEP_NONE || c->state == CHILD_NONE || c->state == CHILD_GONE)
		return;
	c->stop = stop;
	children_changed(c->all);
	turn_forget(c->all->turn, &c->late);
	ev_timer_stop(c->all->loop, &c->timer);
	ev_timer_init(&c->timer, on_step, 0, 0);
	c->timer.data = c;
	enter(c, first);
}

void child_kill(struct child *c)
{
	if (c->step != STEP_NONE && c->step != STEP_KILL && c->state != CHILD_GONE)
		enter(c, STEP_KILL);
}

void child_check_gone(struct child *c)
{
	check_group(c);
	if (c->state != CHILD_EMPTY || (c->step == STEP_NONE && c->id != 0))
		return; /* until it is known how far its end goes */
	if (!has_orphans(c))
		gone(c);
	else if (c->step == STEP_KILL) /* children of those just killed */
		signal_orphans(c);
}

int child_start(struct children *all, const struct child_spec *spec, struct child *c,
		const char **ret_what)
{
	pid_t pid = child_spawn(spec, all, ret_what);

	if (pid < 0)
		return pid;
	c->pid = pid;
	c->id = spec->id;
	c->all = all;
	c->state = CHILD_RUNNING;
	children_add(c);
	return 0;
}
