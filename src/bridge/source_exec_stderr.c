/* SPDX-License-Identifier: MIT */
/* What a program writes to its standard error, on its way to the log or the clients. */
#include <errno.h>
#include <unistd.h>

#include "exec_pipes.h"
#include "source_exec_impl.h"

static bool tells_clients(const struct source_exec *x)
{
	return x->conf->stderr_to == STDERR_CLIENT;
}

size_t source_exec_stderr_room(const struct source_exec *x)
{
	size_t room = STDERR_PIPE;

	if (tells_clients(x) && x->state == EXEC_RUNNING)
		room = stderr_client_room(x->source.hub);
	return room < STDERR_PIPE ? room : STDERR_PIPE;
}

/* N bytes of its stderr; once nobody needs it, no client hears of them. */
static void pass_stderr(struct source_exec *x, const char *p, size_t n)
{
	struct hub *h = x->source.hub;

	if (!tells_clients(x))
		stderr_log_feed(&x->stderr_log, source_exec_who(x), h->bridge->now, p, n);
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
		source_exec_close(x, &x->err);
}

static void on_err(EV_P_ ev_io *w, int revents)
{
	struct source_exec *x = w->data;
	size_t room = source_exec_stderr_room(x);

	(void)loop;
	if (revents & EV_ERROR)
		source_exec_give_up(x, w);
	else if (room > 0) /* else another callback of this turn has used it up */
		read_stderr(x, room);
	source_exec_proceed(x);
}

void source_exec_stderr_init(struct source_exec *x)
{
	ev_io_init(&x->err, on_err, -1, 0);
	x->err.data = x;
}

int source_exec_stderr_open(struct source_exec *x)
{
	struct hub *h = x->source.hub;

	if (tells_clients(x))
		return stderr_client_open(&x->stderr_client, h,
					  &h->stats->stderr_dropped);
	x->stderr_log.dropped_ever = &h->stats->stderr_dropped;
	return 0;
}

void source_exec_stderr_tell_rest(struct source_exec *x)
{
	if (!tells_clients(x))
		return;
	if (x->err.fd >= 0)
		read_stderr(x, STDERR_PIPE);
	if (x->state == EXEC_RUNNING)
		stderr_client_end(&x->stderr_client, x->source.hub);
}

void source_exec_stderr_end(struct source_exec *x)
{
	if (x->err.fd >= 0) {
		read_stderr(x, STDERR_PIPE);
		source_exec_close(x, &x->err);
	}
	if (!tells_clients(x))
		stderr_log_end(&x->stderr_log, source_exec_who(x),
			       x->source.hub->bridge->now);
}

void source_exec_stderr_free(struct source_exec *x)
{
	source_exec_close(x, &x->err);
	if (tells_clients(x))
		stderr_client_free(&x->stderr_client);
	else
		stderr_lines_free(&x->stderr_log.lines);
}
