/* SPDX-License-Identifier: MIT */
/* Sees processes out: one waitpid(2) loop over a table of pids, and the stop steps. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "child_spawn.h"

/* Seconds between SIGKILLs, for a group that forks while it is killed or sits in the
 * kernel, and how many of them: then what is left of a group whose leader has ended is
 * not waited for. */
#define KILL_AGAIN 1.0
#define KILLS 3

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

/* ---- the way out, step by step ---- */

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

static bool was_started(const void *data, pid_t pid)
{
	return find(data, pid);
}

static void look_on(struct late *l)
{
	struct children *all =
		(struct children *)((char *)l - offsetof(struct children, looking));

	all->changed = true;
}

static void look(struct children *all)
{
	orphans_look(&all->orphans, was_started, all);
	if (all->orphans.cut)
		turn_wait(all->turn, &all->looking, look_on);
}

static bool reaches_orphans(const struct child *c)
{
	return c->id != 0 && c->stop->scope != STOP_GROUP;
}

static bool has_orphans(struct child *c)
{
	if (!reaches_orphans(c))
		return false;
	look(c->all);
	return orphans_any(&c->all->orphans, c->id);
}

static void signal_more(struct late *l);

/* The round's signal to the orphans of C that have not got it yet, those first met now
 * among them. */
static void signal_orphans(struct child *c)
{
	struct orphans *o = &c->all->orphans;

	look(c->all);
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
	c->all->changed = true;
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
	c->all->changed = true;
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

/* ---- reaping ---- */

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

	all->changed = true;
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

static void on_sigchld(EV_P_ ev_signal *w, int revents)
{
	struct children *all = w->data;

	(void)loop;
	(void)revents;
	if (ev_is_active(&all->rest))
		all->signalled = true;
	else
		reap(all);
}

static void on_rested(EV_P_ ev_timer *w, int revents)
{
	struct children *all = w->data;

	(void)loop;
	(void)revents;
	if (all->signalled)
		reap(all);
	all->signalled = false;
}

/* After a look, if there was one. */
static void rest(struct children *all)
{
	double seconds = REST_PER_CHILD * (double)all->orphans.listed;

	if (!all->orphans.fresh || seconds < REST_SHORTEST)
		return;
	ev_timer_set(&all->rest, seconds, 0);
	ev_timer_start(all->loop, &all->rest);
}

/* Before the loop sleeps: who is gone?  Many that end in one turn cost one look at our
 * children. */
static void on_settle(EV_P_ ev_prepare *w, int revents)
{
	struct children *all = w->data;
	bool looks = all->changed && !ev_is_active(&all->rest);
	struct child *c, *next;

	(void)loop;
	(void)revents;
	for (c = looks ? LIST_FIRST(&all->exited) : NULL; c; c = next) {
		next = LIST_NEXT(c, link);
		check_group(c);
		if (c->state != CHILD_EMPTY || (c->step == STEP_NONE && c->id != 0))
			continue; /* until it is known how far its end goes */
		if (!has_orphans(c))
			gone(c);
		else if (c->step == STEP_KILL) /* children of those just killed */
			signal_orphans(c);
	}
	if (looks) {
		all->changed = false;
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

int child_start(struct children *all, const struct child_spec *spec, struct child *c,
		const char **ret_what)
{
	pid_t pid = child_spawn(spec, all, ret_what);

	if (pid < 0)
		return pid;
	c->pid = pid;
	c->id = spec->id;
	LIST_INSERT_HEAD(&all->by_pid[place(pid)], c, link);
	all->running++;
	c->all = all;
	c->state = CHILD_RUNNING;
	return 0;
}
