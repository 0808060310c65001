/* SPDX-License-Identifier: MIT */
/* A program as a source of messages: how it is started. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exec_pipes.h"
#include "log.h"
#include "source_exec_impl.h"

static int spawn(struct source_exec *x, const struct exec_start *start, const int far[3],
		 const char **ret_what)
{
	struct child_spec spec = {
		.file = start->found->file,
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
	int r = child_start(&x->source.hub->bridge->children, &spec, &x->child, ret_what);

	if (r < 0 && strcmp(*ret_what, "chdir") == 0)
		*ret_what = x->conf->cwd;
	else if (r < 0 && strcmp(*ret_what, "exec") == 0)
		*ret_what = x->conf->argv[0];
	return r;
}

/* Look the program up, and start it. */
static int find_and_spawn(struct source_exec *x, const struct exec_start *start,
			  const int far[3], const char **ret_what)
{
	const char *name = x->conf->argv[0];
	int r = which_find(start->found, x->conf->cwd, name, which_path(start->envp));

	*ret_what = name;
	if (r == 0)
		r = spawn(x, start, far, ret_what);
	if (r < 0)
		which_forget(start->found);
	return r;
}

/* A program that was found is looked up again only when it does not start from there: the
 * calls for that would be as dear as the pipes. */
static int start(struct source_exec *x, const struct exec_start *start, const int far[3],
		 const char **ret_what)
{
	int r;

	if (!which_knows(start->found, which_path(start->envp)))
		return find_and_spawn(x, start, far, ret_what);
	r = spawn(x, start, far, ret_what);
	if (r < 0 && *ret_what == x->conf->argv[0])
		r = find_and_spawn(x, start, far, ret_what);
	return r;
}

static struct source_exec *source_exec_new(struct hub *h, const struct exec_start *s)
{
	struct source_exec *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->source.hub = h;
	x->conf = s->conf;
	x->running = s->running;
	x->path = s->path;
	source_exec_init(x);
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
	x->terminal = terminal_master_new(x->source.hub->bridge->loop, x->out.fd, size,
					  on_settled, x);
	return x->terminal ? 0 : -ENOMEM;
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
	if (r == 0)
		r = source_exec_stderr_open(x);
	if (r == 0)
		r = start(x, s, pipes.far, ret_what);
	exec_pipes_close_far(&pipes);
	if (r < 0) {
		source_exec_free(x);
		return r;
	}
	log_debug(source_exec_who(x), "program started, pid %d", (int)x->child.pid);
	(*x->running)++;
	if (x->conf->max_runtime > 0)
		ev_timer_start(x->source.hub->bridge->loop, &x->child.timer);
	hub_attach(h, &x->source);
	source_exec_proceed(x);
	if (x->terminal) /* a client may go with that: X is to be there to be stopped */
		hub_resized(h, s->size);
	return 0;
}
