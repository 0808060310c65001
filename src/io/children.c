/* SPDX-License-Identifier: MIT */
/* Finds out which of the processes that were started have ended. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child_impl.h"
#include "child_spawn.h"

/* To find who has ended the kernel goes through all our children, and we do to find those
 * that we did not start: with thousands of them nothing in a program's life is as dear.
 * So a rest follows, and who ends meanwhile shares the next look; about an eighth of the
 * time goes there at most. */
#define REST_PER_CHILD 8e-6 /* seconds; each takes about one microsecond */
#define REST_SHORTEST 1e-3  /* else there is none */

/* Which list of struct children is PID's. */
static unsigned place(pid_t pid)
{
	return (unsigned)pid % CHILD_LISTS;
}

/* The child with PID whose leader lives, or NULL. */
static struct child *find(const struct children *all, pid_t pid)
{
	struct child *c;

	LIST_FOREACH(c, &all->by_pid[place(pid)], link)
		if (c->pid == pid)
			return c;
	return NULL;
}

void children_add(struct child *c)
{
	LIST_INSERT_HEAD(&c->all->by_pid[place(c->pid)], c, link);
	c->all->running++;
}

/* What a state becomes: */
static const struct {
	enum children_state changed; /* when somebody may have gone, */
	enum children_state rests;   /* when a rest follows a look, */
	enum children_state rested;  /* and when that is over */
} states[CHILDREN_STATES] = {
	[CHILDREN_SETTLED] = { .changed = CHILDREN_CHANGED, .rests = CHILDREN_RESTING },
	[CHILDREN_CHANGED] = { .changed = CHILDREN_CHANGED,
			       .rests = CHILDREN_REST_CHANGED },
	[CHILDREN_RESTING] = { .changed = CHILDREN_REST_CHANGED,
			       .rested = CHILDREN_SETTLED },
	[CHILDREN_REST_CHANGED] = { .changed = CHILDREN_REST_CHANGED,
				    .rested = CHILDREN_CHANGED },
	[CHILDREN_REST_ENDED] = { .changed = CHILDREN_REST_ENDED,
				  .rested = CHILDREN_CHANGED },
};

void children_changed(struct children *all)
{
	all->state = states[all->state].changed;
}

static bool was_started(const void *data, pid_t pid)
{
	return find(data, pid);
}

static void look_on(struct late *l)
{
	children_changed(
		(struct children *)((char *)l - offsetof(struct children, looking)));
}

void children_find_orphans(struct children *all)
{
	orphans_look(&all->orphans, was_started, all);
	if (all->orphans.cut)
		turn_wait(all->turn, &all->looking, look_on);
}

/* ---- waiting for them ---- */

static void leader_exited(struct child *c, int status)
{
	LIST_REMOVE(c, link);
	c->all->running--;
	c->status = status;
	c->state = CHILD_EXITED;
	LIST_INSERT_HEAD(&c->all->exited, c, link);
	c->changed(c->all->loop, c);
}

static void reap_more(struct late *l);

static void reap(struct children *all)
{
	int status;

	children_changed(all);
	orphans_forget(&all->orphans); /* who ends leaves children */
	do {                           /* one in any case: turns may be long for ever */
		pid_t pid = waitpid(-1, &status, WNOHANG);
		struct child *c;

		if (pid <= 0)
			return;
		c = find(all, pid);
		if (c)
			leader_exited(c, status);
		else
			orphans_reaped(&all->orphans, pid);
	} while (turn_has_time(all->turn));
	turn_wait(all->turn, &all->late, reap_more);
}

static void reap_more(struct late *l)
{
	reap((struct children *)((char *)l - offsetof(struct children, late)));
}

static bool is_resting(const struct children *all)
{
	return all->state >= CHILDREN_RESTING;
}

static void on_sigchld(EV_P_ ev_signal *w, int revents)
{
	struct children *all = w->data;

	(void)loop;
	(void)revents;
	if (is_resting(all))
		all->state = CHILDREN_REST_ENDED;
	else
		reap(all);
}

static void on_rested(EV_P_ ev_timer *w, int revents)
{
	struct children *all = w->data;
	bool ended = all->state == CHILDREN_REST_ENDED;

	(void)loop;
	(void)revents;
	all->state = states[all->state].rested;
	if (ended)
		reap(all);
}

/* After a look, if there was one. */
static void rest(struct children *all)
{
	double seconds = REST_PER_CHILD * (double)all->orphans.listed;

	if (!all->orphans.fresh || seconds < REST_SHORTEST)
		return;
	all->state = states[all->state].rests;
	ev_timer_set(&all->rest, seconds, 0);
	ev_timer_start(all->loop, &all->rest);
}

/* Who is gone? */
static void settle(struct children *all)
{
	struct child *c, *next;

	for (c = LIST_FIRST(&all->exited); c; c = next) {
		next = LIST_NEXT(c, link);
		child_check_gone(c);
	}
}

/* Before the loop sleeps.  Many that end in one turn cost one look at our children. */
static void on_settle(EV_P_ ev_prepare *w, int revents)
{
	struct children *all = w->data;

	(void)loop;
	(void)revents;
	while (all->state == CHILDREN_CHANGED) {
		all->state = CHILDREN_SETTLED; /* who goes may have others stopped */
		settle(all);
		rest(all);
	}
	orphans_forget(&all->orphans);
}

/* Low descriptors for child_spawn(), of what is open anyway. */
static int reserve_slots(struct children *all)
{
	int r = 0;

	for (int i = 0; i < 3; i++) {
		all->slot[i] = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
		if (all->slot[i] < 0)
			r = -errno;
	}
	return r;
}

int children_init(struct children *all, struct turn *turn, long nofile)
{
	struct ev_loop *loop = turn->loop;
	int r, seen;

	*all = (struct children){
		.loop = loop, .turn = turn, .nofile = nofile, .signals = UINT64_MAX
	};
	LIST_INIT(&all->exited);
	r = reserve_slots(all);
	seen = orphans_init(&all->orphans, turn);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	signal(SIGCHLD, SIG_DFL); /* ignored, it would make the kernel wait for them */
	ev_signal_init(&all->sigchld, on_sigchld, SIGCHLD);
	ev_prepare_init(&all->settle, on_settle);
	/* after turn.h's, before what is gone is freed */
	ev_set_priority(&all->settle, EV_MAXPRI - 1);
	ev_timer_init(&all->rest, on_rested, 0, 0);
	all->sigchld.data = all->settle.data = all->rest.data = all;
	ev_signal_start(loop, &all->sigchld);
	ev_prepare_start(loop, &all->settle);
	return r < 0 ? r : seen;
}

void children_know_signals(struct children *all)
{
	all->signals = child_signals();
}

void children_stop(struct children *all)
{
	ev_signal_stop(all->loop, &all->sigchld);
	ev_prepare_stop(all->loop, &all->settle);
	ev_timer_stop(all->loop, &all->rest);
	orphans_free(&all->orphans);
	for (int i = 0; i < 3; i++)
		close(all->slot[i]);
}
