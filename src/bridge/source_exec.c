/* SPDX-License-Identifier: MIT */
/* A program as a source of messages: its two ends come in any order. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "exec_ending.h"
#include "log.h"
#include "session.h"
#include "source_exec_impl.h"
#include "watch.h"
#include "ws.h"

#define AT_ONCE 1e-3 /* seconds: ev_timer_again() stops a timer whose repeat is 0 */

static struct source_exec *of(const struct source *s)
{
	return (struct source_exec *)s; /* its first member */
}

const char *source_exec_who(const struct source_exec *x)
{
	static char text[SESSION_WHO];

	return session_who(x->child.id, x->path, text);
}

static struct ev_loop *loop_of(const struct source_exec *x)
{
	return x->source.hub->bridge->loop;
}

void source_exec_close(struct source_exec *x, ev_io *w)
{
	if (w->fd < 0)
		return;
	if (w == &x->out) {
		turn_forget(&x->source.hub->bridge->turn, &x->child.late);
		terminal_master_free(x->terminal);
		x->terminal = NULL;
	}
	ev_io_stop(loop_of(x), w);
	close(w->fd);
	w->fd = -1;
}

static void count_kept(struct source_exec *x)
{
	stats_follow(&x->source.hub->stats->input_queue, &x->queued, buf_len(&x->kept));
}

/* What is there for its stdin is dropped: it does not read it any more. */
static void close_input(struct source_exec *x)
{
	source_exec_close(x, &x->in);
	buf_free(&x->kept);
	count_kept(x);
}

void source_exec_proceed(struct source_exec *x)
{
	struct ev_loop *loop = loop_of(x);
	bool reads = x->state == EXEC_FLUSHING ||
		     (x->state == EXEC_RUNNING && hub_room(x->source.hub) > 0);

	count_kept(x);
	if (x->out.fd >= 0)
		watch(EV_A_ & x->out, reads ? EV_READ : 0);
	if (x->in.fd >= 0 && x->lost)
		ev_feed_event(EV_A_ & x->in, EV_ERROR);
	else if (x->in.fd >= 0)
		watch(EV_A_ & x->in, buf_len(&x->kept) > 0 ? EV_WRITE : 0);
	if (x->err.fd >= 0)
		watch(EV_A_ & x->err, source_exec_stderr_room(x) > 0 ? EV_READ : 0);
}

/* ---- its end ---- */

static void end(struct source_exec *x, const struct ending *e)
{
	x->state = EXEC_ENDED;
	ev_timer_stop(loop_of(x), &x->child.timer);
	hub_source_ended(x->source.hub, e);
}

/* Stdout's end and the leader's exit, in either order: the later one ends the source,
 * unless the first alone does. */
static void check_ended(struct source_exec *x)
{
	struct ending e;

	if (x->state != EXEC_RUNNING || x->out.fd >= 0 ||
	    (x->child.state == CHILD_RUNNING && !x->conf->ends_at_eof))
		return;
	source_exec_stderr_tell_rest(x);
	if (x->state != EXEC_RUNNING) /* they have all gone with that */
		return;
	if (x->conf->ends_at_eof)
		e = (struct ending){ 0 };
	else
		exec_ending(x->conf->exit_code, x->child.status, &e);
	log_debug(source_exec_who(x), "program ended: %s", e.process);
	end(x, &e);
}

static void check_gone(struct source_exec *x)
{
	if (x->state != EXEC_STOPPING || x->child.state != CHILD_GONE)
		return;
	source_exec_stderr_end(x);
	x->state = EXEC_GONE;
	(*x->running)--;
	hub_source_gone(x->source.hub);
}

static void stop_now(struct source_exec *x, enum child_step first)
{
	ev_timer_stop(loop_of(x), &x->child.timer);
	close_input(x);
	source_exec_close(x, &x->out);
	x->state = EXEC_STOPPING;
	child_stop(&x->child, &x->conf->stop, first);
	check_gone(x);
}

static void on_timer(EV_P_ ev_timer *w, int revents)
{
	struct ending e = { .code = CLOSE_POLICY, .reason = "time limit" };
	struct source_exec *x = w->data;

	(void)loop;
	(void)revents;
	if (x->state == EXEC_RUNNING)
		end(x, &e);
	else
		stop_now(x, STEP_SIGNAL); /* it had its eof_timeout */
}

static void exec_stop(struct source *s, bool flush)
{
	struct source_exec *x = of(s);
	double patience = x->conf->stop.eof_timeout;

	if (x->state != EXEC_RUNNING && x->state != EXEC_ENDED)
		return;
	if (!flush || buf_len(&x->kept) == 0 || x->state == EXEC_ENDED) {
		stop_now(x, STEP_EOF);
		return;
	}
	x->state = EXEC_FLUSHING;
	ev_timer_stop(loop_of(x), &x->child.timer);
	ev_timer_set(&x->child.timer, patience, patience > 0 ? patience : AT_ONCE);
	ev_timer_start(loop_of(x), &x->child.timer);
	source_exec_proceed(x);
}

static void exec_kill(struct source *s)
{
	struct source_exec *x = of(s);

	if (x->state != EXEC_GONE && x->state != EXEC_STOPPING)
		stop_now(x, STEP_KILL);
	else
		child_kill(&x->child);
}

static void on_child(EV_P_ struct child *c)
{
	struct source_exec *x =
		(struct source_exec *)((char *)c - offsetof(struct source_exec, child));

	(void)loop;
	check_ended(x);
	check_gone(x);
}

void source_exec_give_up(struct source_exec *x, ev_io *w)
{
	struct ending e = { .code = CLOSE_SERVER_ERROR, .reason = "out of memory" };

	log_error(source_exec_who(x), "the program's pipe: out of memory");
	if (w == &x->in)
		close_input(x);
	else
		source_exec_close(x, w);
	if (x->state == EXEC_RUNNING)
		end(x, &e);
	else if (x->state == EXEC_FLUSHING)
		stop_now(x, STEP_EOF);
}

/* ---- its stdin ---- */

static void end_input_if_done(struct source_exec *x)
{
	if (buf_len(&x->kept) > 0)
		return;
	if (x->finishing)
		close_input(x);
	if (x->state == EXEC_FLUSHING)
		stop_now(x, STEP_EOF);
}

/* Writing has failed, perhaps in the middle of a read: it ends in
 * source_exec_give_up().  Without a
 * reader, who may have closed a terminal (EIO), the program's output goes on. */
static void lose_input(struct source_exec *x, int error)
{
	if (error == EPIPE || error == EIO) {
		log_debug(source_exec_who(x), "stdin: %s", strerror(error));
		close_input(x);
		return;
	}
	x->lost = true;
}

static void on_in(EV_P_ ev_io *w, int revents)
{
	struct source_exec *x = w->data;
	ssize_t n;

	if (revents & EV_ERROR) {
		source_exec_give_up(x, w);
		return;
	}
	n = write(w->fd, buf_head(&x->kept), buf_len(&x->kept));
	if (n > 0) {
		buf_consume(&x->kept, (size_t)n);
		if (x->state == EXEC_FLUSHING)
			ev_timer_again(EV_A_ & x->child.timer);
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		lose_input(x, errno);
	}
	end_input_if_done(x);
	source_exec_proceed(x);
	hub_source_drained(x->source.hub);
}

static void exec_write(struct source *s, const struct gather *g)
{
	struct source_exec *x = of(s);
	ssize_t n = 0;

	if (x->in.fd < 0 || x->finishing || x->lost)
		return;
	if (x->terminal)
		terminal_master_settle(x->terminal);
	if (buf_len(&x->kept) == 0)
		n = writev(x->in.fd, g->iov, (int)g->n);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		lose_input(x, errno);
		return;
	}
	/* The session stopped reading at `queue`: one turn and one message is the most
	 * that comes on top. */
	if (gather_save(g, n > 0 ? (size_t)n : 0, &x->kept, SIZE_MAX) < 0)
		lose_input(x, ENOMEM);
}

static void exec_finish(struct source *s)
{
	struct source_exec *x = of(s);

	x->finishing = true;
	end_input_if_done(x);
}

static void exec_resize(struct source *s, struct terminal_size size)
{
	if (of(s)->terminal)
		terminal_master_resize(of(s)->terminal, size);
}

static size_t exec_kept(const struct source *s)
{
	return buf_len(&of(s)->kept);
}

/* ---- its stdout ---- */

static void read_stdout(struct source_exec *x)
{
	ev_io *w = &x->out;
	struct hub *h = x->source.hub;
	char *p = h->bridge->scratch.read;
	size_t room = x->state == EXEC_RUNNING ? hub_room(h) : TURN_BYTES;
	ssize_t n;

	if (room == 0) { /* another callback of this turn has used it up */
		source_exec_proceed(x);
		return;
	}
	n = read(w->fd, p, room);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		source_exec_close(x, w);
	if (x->state == EXEC_RUNNING)
		hub_output(h, p, n > 0 ? (size_t)n : 0, n <= 0);
	check_ended(x);
	source_exec_proceed(x);
}

static void on_turn(struct late *l)
{
	read_stdout((struct source_exec *)((char *)l -
					   offsetof(struct source_exec, child.late)));
}

static void on_out(EV_P_ ev_io *w, int revents)
{
	struct source_exec *x = w->data;
	struct turn *turn = &x->source.hub->bridge->turn;

	(void)loop;
	if (revents & EV_ERROR)
		source_exec_give_up(x, w);
	else if (x->child.late.act || !turn_has_time(turn))
		turn_wait(turn, &x->child.late, on_turn);
	else
		read_stdout(x);
}

static void exec_proceed(struct source *s)
{
	source_exec_proceed(of(s));
}

void source_exec_free(struct source_exec *x)
{
	assert(x->child.state == CHILD_NONE || x->child.state == CHILD_GONE);
	close_input(x);
	source_exec_close(x, &x->out);
	source_exec_stderr_free(x);
	free(x);
}

static void exec_free(struct source *s)
{
	source_exec_free(of(s));
}

static long exec_pid(const struct source *s)
{
	const struct source_exec *x = (const struct source_exec *)s;

	return x->child.state == CHILD_RUNNING ? x->child.pid : 0;
}

static const struct source_ops exec_ops = {
	.name = "exec",
	.write = exec_write,
	.finish = exec_finish,
	.kept = exec_kept,
	.pid = exec_pid,
	.resize = exec_resize,
	.proceed = exec_proceed,
	.stop = exec_stop,
	.kill = exec_kill,
	.free = exec_free,
};

void source_exec_init(struct source_exec *x)
{
	x->source.ops = &exec_ops;
	x->child.changed = on_child;
	ev_io_init(&x->in, on_in, -1, 0);
	ev_io_init(&x->out, on_out, -1, 0);
	ev_timer_init(&x->child.timer, on_timer, x->conf->max_runtime, 0);
	x->in.data = x->out.data = x->child.timer.data = x;
	source_exec_stderr_init(x);
}
