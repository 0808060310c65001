/* SPDX-License-Identifier: MIT */
/* Runs a program whose end and output somebody waits for, or nobody does. */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exec_pipes.h"
#include "hook.h"
#include "log.h"
#include "session.h"
#include "stderr_log.h"
#include "which.h"

/* What is left of its group when it ends, or of itself when its time is over. */
static const struct child_stop stop = { .signal = SIGTERM,
					.stop_timeout = 1,
					.scope = STOP_GROUP };

struct hook {
	struct hooks *all;
	struct bridge *bridge;
	struct child child;
	ev_io out, err;
	ev_timer timeout;
	struct buf answer;
	size_t output_max;
	struct hook_end end;
	struct stderr_log stderr_log;
	unsigned *count;
	const char *kind;
	char who[SESSION_WHO];
	void (*done)(void *data, const struct hook_end *end);
	void *data;
	LIST_ENTRY(hook) link;
};

/* ---- output ---- */

static void close_pipe(struct hook *h, ev_io *w)
{
	ev_io_stop(h->bridge->loop, w);
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

/* Read what there is, at most a turn's worth; nobody waits for it: it goes.  False: there
 * is no more now, or too much. */
static bool read_out(struct hook *h)
{
	char *p = h->bridge->scratch.read;
	ssize_t n = read(h->out.fd, p, TURN_BYTES);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		close_pipe(h, &h->out);
		return false;
	}
	if (h->done && buf_append(&h->answer, p, (size_t)n, h->output_max) < 0)
		h->end.too_long = true;
	return !h->end.too_long;
}

static void read_err(struct hook *h)
{
	char *p = h->bridge->scratch.read;
	ssize_t n = read(h->err.fd, p, TURN_BYTES);

	if (n > 0)
		stderr_log_feed(&h->stderr_log, h->who, h->bridge->now, p, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		close_pipe(h, &h->err);
}

static void on_err(EV_P_ ev_io *w, int revents)
{
	(void)loop;
	(void)revents;
	read_err(w->data);
}

/* ---- its end ---- */

/* Tell whoever waits, once. */
static void tell(struct hook *h)
{
	void (*done)(void *data, const struct hook_end *end) = h->done;

	h->done = NULL;
	if (!done)
		return;
	if (buf_append(&h->answer, "", 1, SIZE_MAX) < 0) /* room for a NUL */
		h->end.too_long = true;
	h->end.n = buf_len(&h->answer);
	h->end.n -= h->end.n > 0;
	h->end.out = h->end.n > 0 ? buf_head(&h->answer) : NULL;
	done(h->data, &h->end);
}

static void leave(struct hook *h)
{
	ev_timer_stop(h->bridge->loop, &h->timeout);
	child_stop(&h->child, &stop, STEP_SIGNAL);
}

static void on_out(EV_P_ ev_io *w, int revents)
{
	struct hook *h = w->data;

	(void)loop;
	(void)revents;
	read_out(h);
	if (h->end.too_long && h->done) {
		tell(h);
		leave(h);
	}
}

static void on_exit_of(struct hook *h)
{
	h->end.status = h->child.status;
	/* Without somebody who waits there is no limit to it. */
	while (h->done && h->out.fd >= 0 && read_out(h))
		;
	if (h->err.fd >= 0)
		read_err(h);
	tell(h);
	leave(h);
}

static void on_child(EV_P_ struct child *c)
{
	struct hook *h = (struct hook *)((char *)c - offsetof(struct hook, child));

	if (c->state == CHILD_EXITED) {
		on_exit_of(h);
		return;
	}
	ev_timer_stop(EV_A_ & h->timeout);
	LIST_REMOVE(h, link);
	h->all->n--;
	--*h->count;
	LIST_INSERT_HEAD(&h->all->dead, h, link);
}

static void on_timeout(EV_P_ ev_timer *w, int revents)
{
	struct hook *h = w->data;

	(void)loop;
	(void)revents;
	log_warning(h->who, "%s: killed after its timeout", h->kind);
	h->end.timed_out = true;
	tell(h);
	leave(h);
}

void hook_cancel(struct hook *h)
{
	h->done = NULL;
	leave(h);
}

void hooks_kill(struct hooks *all)
{
	struct hook *h;

	LIST_FOREACH(h, &all->running, link) {
		hook_cancel(h);
		child_kill(&h->child);
	}
}

static void hook_free(struct hook *h)
{
	close_pipe(h, &h->out);
	close_pipe(h, &h->err);
	stderr_log_end(&h->stderr_log, h->who, h->bridge->now);
	buf_free(&h->answer);
	free(h);
}

void hooks_reap(struct hooks *all)
{
	struct hook *h;

	while ((h = LIST_FIRST(&all->dead))) {
		LIST_REMOVE(h, link);
		hook_free(h);
	}
}

void hooks_free(struct hooks *all)
{
	struct hook *h;

	hooks_reap(all);
	while ((h = LIST_FIRST(&all->running))) {
		LIST_REMOVE(h, link);
		ev_timer_stop(h->bridge->loop, &h->timeout);
		ev_timer_stop(h->bridge->loop, &h->child.timer);
		hook_free(h);
	}
}

/* ---- its start ---- */

/* What it is to read lies in the pipe before it begins. */
static int put_input(const struct exec_pipes *pipes, struct span input)
{
	ssize_t n = input.n > 0 ? write(pipes->in, input.p, input.n) : 0;

	if (n < 0)
		return -errno;
	return (size_t)n == input.n ? 0 : -EMSGSIZE;
}

static int start_child(struct hook *h, const struct hook_start *s, const int far[3],
		       const char **ret_what)
{
	char file[4096];
	struct child_spec spec = { .file = file,
				   .argv = s->argv,
				   .envp = s->envp,
				   .umask = -1,
				   .fd = { far[0], far[1], far[2] },
				   .parent_death_signal = SIGTERM };
	int r = which(s->argv[0], which_path(s->envp), file, sizeof(file));

	*ret_what = s->argv[0];
	return r < 0 ? r : child_start(&h->bridge->children, &spec, &h->child, ret_what);
}

/* Not running yet, and without pipes.  NULL: out of memory. */
static struct hook *hook_new(struct hooks *all, struct bridge *b,
			     const struct hook_start *s)
{
	struct hook *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->all = all;
	h->bridge = b;
	h->output_max = s->output_max;
	h->done = s->done;
	h->data = s->data;
	h->count = s->count;
	h->kind = s->kind;
	h->child.changed = on_child;
	h->stderr_log.dropped_ever = &all->stderr_dropped;
	snprintf(h->who, sizeof(h->who), "%s", s->who);
	ev_io_init(&h->out, on_out, -1, EV_READ);
	ev_io_init(&h->err, on_err, -1, EV_READ);
	ev_timer_init(&h->timeout, on_timeout, s->timeout, 0);
	h->out.data = h->err.data = h->timeout.data = h;
	return h;
}

int hook_run(struct hooks *all, struct bridge *b, const struct hook_start *s,
	     struct hook **ret_hook, const char **ret_what)
{
	static const struct exec_conf pipes_conf = { .stderr_to = STDERR_LOG };
	struct hook *h = hook_new(all, b, s);
	struct exec_pipes pipes;
	int r;

	*ret_what = "pipe";
	if (!h)
		return -ENOMEM;
	r = exec_pipes_open(&pipes_conf, (struct terminal_size){ 0 }, &pipes);
	ev_io_set(&h->out, pipes.out, EV_READ); /* even where not all could be opened */
	ev_io_set(&h->err, pipes.err, EV_READ);
	if (r == 0)
		r = put_input(&pipes, s->input);
	if (r == 0)
		r = start_child(h, s, pipes.far, ret_what);
	exec_pipes_close_far(&pipes);
	if (pipes.in >= 0)
		close(pipes.in); /* it reads the end behind that */
	if (r < 0) {
		hook_free(h);
		return r;
	}
	LIST_INSERT_HEAD(&all->running, h, link);
	all->n++;
	++*h->count;
	ev_io_start(b->loop, &h->out);
	ev_io_start(b->loop, &h->err);
	ev_timer_start(b->loop, &h->timeout);
	*ret_hook = h;
	return 0;
}
