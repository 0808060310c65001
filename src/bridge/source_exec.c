/* SPDX-License-Identifier: MIT */
/* A program as a source of messages: its two ends come in any order. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "exec_ending.h"
#include "exec_pipes.h"
#include "log.h"
#include "session.h"
#include "stderr_client.h"
#include "stderr_log.h"
#include "terminal_master.h"
#include "watch.h"
#include "which.h"
#include "ws.h"

#define AT_ONCE 1e-3 /* seconds: ev_timer_again() stops a timer whose repeat is 0 */

enum exec_state {
	EXEC_RUNNING,  /* the hub needs it */
	EXEC_ENDED,    /* stdout's end and the leader's exit have come, or max_runtime is
			  over; the hub knows */
	EXEC_FLUSHING, /* nobody needs it, but what was written to it still goes to it */
	EXEC_STOPPING, /* its pipes are closed, its group is walked out */
	EXEC_GONE,
};

struct source_exec {
	struct source source;
	const struct exec_conf *conf;
	unsigned *running;
	enum exec_state state;
	struct child child;
	ev_io in, out, err;               /* our ends of its pipes; fd -1: closed */
	struct late late;                 /* OUT is read in another turn of the loop */
	struct buf kept;                  /* for its stdin */
	size_t queued;                    /* of it, as stats has it */
	struct terminal_master *terminal; /* NULL: it has pipes */
	bool finishing;                   /* stdin ends after what is kept */
	bool lost;                        /* some of it could not be written */
	ev_timer timer; /* EXEC_RUNNING: max_runtime; EXEC_FLUSHING: it takes nothing */
	union {
		struct stderr_log stderr_log;
		struct stderr_client stderr_client; /* tells_clients() */
	};
	const char *path; /* as long as conf */
};

static struct source_exec *of(const struct source *s)
{
	return (struct source_exec *)s; /* its first member */
}

/* The prefix of its log lines; static, until the next call. */
static const char *who(const struct source_exec *x)
{
	static char text[SESSION_WHO];

	return session_who(x->child.id, x->path, text);
}

static struct ev_loop *loop_of(const struct source_exec *x)
{
	return x->source.hub->bridge->loop;
}

static void close_pipe(struct source_exec *x, ev_io *w)
{
	if (w->fd < 0)
		return;
	if (w == &x->out) {
		turn_forget(&x->source.hub->bridge->turn, &x->late);
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
	close_pipe(x, &x->in);
	buf_free(&x->kept);
	count_kept(x);
}

static bool tells_clients(const struct source_exec *x)
{
	return x->conf->stderr_to == STDERR_CLIENT;
}

/* How much of its stderr may be read now: to the log goes all. */
static size_t stderr_room(const struct source_exec *x)
{
	size_t room = STDERR_PIPE;

	if (tells_clients(x) && x->state == EXEC_RUNNING)
		room = stderr_client_room(x->source.hub);
	return room < STDERR_PIPE ? room : STDERR_PIPE;
}

/* The only place where its watchers start and stop. */
static void proceed(struct source_exec *x)
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
		watch(EV_A_ & x->err, stderr_room(x) > 0 ? EV_READ : 0);
}

/* ---- its end ---- */

static void end(struct source_exec *x, const struct ending *e)
{
	x->state = EXEC_ENDED;
	ev_timer_stop(loop_of(x), &x->timer);
	hub_source_ended(x->source.hub, e);
}

static void read_stderr(struct source_exec *x, size_t room);

/* Before their end its clients hear what lies in the pipe: at most STDERR_PIPE. */
static void tell_the_rest(struct source_exec *x)
{
	if (x->err.fd >= 0)
		read_stderr(x, STDERR_PIPE);
	if (x->state == EXEC_RUNNING)
		stderr_client_end(&x->stderr_client, x->source.hub);
}

/* Stdout's end and the leader's exit, in either order: the later one ends the source,
 * unless the first alone does. */
static void check_ended(struct source_exec *x)
{
	struct ending e;

	if (x->state != EXEC_RUNNING || x->out.fd >= 0 ||
	    (x->child.state == CHILD_RUNNING && !x->conf->ends_at_eof))
		return;
	if (tells_clients(x))
		tell_the_rest(x);
	if (x->state != EXEC_RUNNING) /* they have all gone with that */
		return;
	if (x->conf->ends_at_eof)
		e = (struct ending){ 0 };
	else
		exec_ending(x->conf->exit_code, x->child.status, &e);
	log_debug(who(x), "program ended: %s", e.process);
	end(x, &e);
}

static void check_gone(struct source_exec *x)
{
	if (x->state != EXEC_STOPPING || x->child.state != CHILD_GONE)
		return;
	if (x->err.fd >=
	    0) { /* what it said last; a process that left the group may hold it on */
		read_stderr(x, STDERR_PIPE);
		close_pipe(x, &x->err);
	}
	if (!tells_clients(x))
		stderr_log_end(&x->stderr_log, who(x), x->source.hub->bridge->now);
	x->state = EXEC_GONE;
	(*x->running)--;
	hub_source_gone(x->source.hub);
}

static void stop_now(struct source_exec *x, enum child_step first)
{
	ev_timer_stop(loop_of(x), &x->timer);
	close_input(x);
	close_pipe(x, &x->out);
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
	ev_timer_stop(loop_of(x), &x->timer);
	ev_timer_set(&x->timer, patience, patience > 0 ? patience : AT_ONCE);
	ev_timer_start(loop_of(x), &x->timer);
	proceed(x);
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

/* For want of memory the kernel does not watch W, or what was to be written is lost. */
static void give_up(struct source_exec *x, ev_io *w)
{
	struct ending e = { .code = CLOSE_SERVER_ERROR, .reason = "out of memory" };

	log_error(who(x), "the program's pipe: out of memory");
	if (w == &x->in)
		close_input(x);
	else
		close_pipe(x, w);
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

/* Writing has failed, perhaps in the middle of a read: it ends in give_up().  Without a
 * reader, who may have closed a terminal (EIO), the program's output goes on. */
static void lose_input(struct source_exec *x, int error)
{
	if (error == EPIPE || error == EIO) {
		log_debug(who(x), "stdin: %s", strerror(error));
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
		give_up(x, w);
		return;
	}
	n = write(w->fd, buf_head(&x->kept), buf_len(&x->kept));
	if (n > 0) {
		buf_consume(&x->kept, (size_t)n);
		if (x->state == EXEC_FLUSHING)
			ev_timer_again(EV_A_ & x->timer);
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		lose_input(x, errno);
	}
	end_input_if_done(x);
	proceed(x);
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

/* ---- its stdout and stderr ---- */

static void read_stdout(struct source_exec *x)
{
	ev_io *w = &x->out;
	struct hub *h = x->source.hub;
	char *p = h->bridge->scratch.read;
	size_t room = x->state == EXEC_RUNNING ? hub_room(h) : TURN_BYTES;
	ssize_t n;

	if (room == 0) { /* another callback of this turn has used it up */
		proceed(x);
		return;
	}
	n = read(w->fd, p, room);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		close_pipe(x, w);
	if (x->state == EXEC_RUNNING)
		hub_output(h, p, n > 0 ? (size_t)n : 0, n <= 0);
	check_ended(x);
	proceed(x);
}

static void on_turn(struct late *l)
{
	read_stdout(
		(struct source_exec *)((char *)l - offsetof(struct source_exec, late)));
}

static void on_out(EV_P_ ev_io *w, int revents)
{
	struct source_exec *x = w->data;
	struct turn *turn = &x->source.hub->bridge->turn;

	(void)loop;
	if (revents & EV_ERROR)
		give_up(x, w);
	else if (x->late.act || !turn_has_time(turn))
		turn_wait(turn, &x->late, on_turn);
	else
		read_stdout(x);
}

/* N bytes of its stderr; once nobody needs it, no client hears of them. */
static void pass_stderr(struct source_exec *x, const char *p, size_t n)
{
	struct hub *h = x->source.hub;

	if (!tells_clients(x))
		stderr_log_feed(&x->stderr_log, who(x), h->bridge->now, p, n);
	else if (x->state == EXEC_RUNNING)
		stderr_client_feed(&x->stderr_client, h, p, n);
}

static void read_stderr(struct source_exec *x, size_t room)
{
	char p[STDERR_PIPE];
	ssize_t n = read(x->err.fd, p, room);

	if (n > 0)
		pass_stderr(x, p, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		close_pipe(x, &x->err);
}

static void on_err(EV_P_ ev_io *w, int revents)
{
	struct source_exec *x = w->data;
	size_t room = stderr_room(x);

	(void)loop;
	if (revents & EV_ERROR)
		give_up(x, w);
	else if (room > 0) /* else another callback of this turn has used it up */
		read_stderr(x, room);
	proceed(x);
}

/* ---- its start ---- */

static void exec_proceed(struct source *s)
{
	proceed(of(s));
}

static void exec_free(struct source *s)
{
	struct source_exec *x = of(s);

	assert(x->child.state == CHILD_NONE || x->child.state == CHILD_GONE);
	close_input(x);
	close_pipe(x, &x->out);
	close_pipe(x, &x->err);
	if (tells_clients(x))
		stderr_client_free(&x->stderr_client);
	else
		stderr_lines_free(&x->stderr_log.lines);
	free(x);
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

static int start(struct source_exec *x, const struct exec_start *start, const int far[3],
		 const char **ret_what)
{
	char file[4096];
	struct child_spec spec = {
		.file = file,
		.argv = x->conf->argv,
		.envp = start->envp,
		.cwd = x->conf->cwd,
		.umask = x->conf->umask,
		.nofile = x->conf->nofile,
		.new_privileges = x->conf->new_privileges,
		.terminal = start->size.rows > 0,
		.id = start->id,
		.fd = { far[0], far[1], far[2] },
		.parent_death_signal = x->conf->stop.signal,
	};
	int r = which_from(x->conf->cwd, x->conf->argv[0], which_path(start->envp), file,
			   sizeof(file));

	*ret_what = x->conf->argv[0];
	if (r < 0)
		return r;
	r = child_start(&x->source.hub->bridge->children, &spec, &x->child, ret_what);
	if (r < 0 && strcmp(*ret_what, "chdir") == 0)
		*ret_what = x->conf->cwd;
	else if (r < 0 && strcmp(*ret_what, "exec") == 0)
		*ret_what = x->conf->argv[0];
	return r;
}

static struct source_exec *source_exec_new(struct hub *h, const struct exec_start *s)
{
	struct source_exec *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->source = (struct source){ &exec_ops, h };
	x->conf = s->conf;
	x->running = s->running;
	if (!tells_clients(x))
		x->stderr_log.dropped_ever = &h->stats->stderr_dropped;
	x->child.changed = on_child;
	ev_io_init(&x->in, on_in, -1, 0);
	ev_io_init(&x->out, on_out, -1, 0);
	ev_io_init(&x->err, on_err, -1, 0);
	ev_timer_init(&x->timer, on_timer, x->conf->max_runtime, 0);
	x->in.data = x->out.data = x->err.data = x->timer.data = x;
	x->path = s->path;
	return x;
}

static void on_settled(void *data)
{
	struct source_exec *x = data;

	hub_resized(x->source.hub, terminal_master_size(x->terminal));
}

static int open_terminal(struct source_exec *x, struct terminal_size size)
{
	if (size.rows == 0)
		return 0;
	x->terminal = terminal_master_new(loop_of(x), x->out.fd, size, on_settled, x);
	if (!x->terminal)
		return -ENOMEM;
	hub_resized(x->source.hub, size);
	return 0;
}

int source_exec_open(struct hub *h, const struct exec_start *s, const char **ret_what)
{
	struct source_exec *x = source_exec_new(h, s);
	struct exec_pipes pipes;
	int r;

	*ret_what = "pipe";
	if (!x)
		return -ENOMEM;
	r = exec_pipes_open(x->conf, s->size, &pipes);
	x->in.fd = pipes.in;
	x->out.fd = pipes.out;
	x->err.fd = pipes.err;
	if (r == 0)
		r = open_terminal(x, s->size);
	if (r == 0 && tells_clients(x))
		r = stderr_client_open(&x->stderr_client, h, &h->stats->stderr_dropped);
	if (r == 0)
		r = start(x, s, pipes.far, ret_what);
	exec_pipes_close_far(&pipes);
	if (r < 0) {
		exec_free(&x->source);
		return r;
	}
	log_debug(who(x), "program started, pid %d", (int)x->child.pid);
	(*x->running)++;
	if (x->conf->max_runtime > 0)
		ev_timer_start(loop_of(x), &x->timer);
	hub_attach(h, &x->source);
	proceed(x);
	return 0;
}
