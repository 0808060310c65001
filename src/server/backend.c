/* SPDX-License-Identifier: MIT */
/* What is behind a path: its source, opened for a client before the 101. */
#include <errno.h>
#include <string.h>

#include "backend.h"
#include "hooks.h"
#include "log.h"

/* There are not enough descriptors, processes or memory. */
static bool is_want(int error)
{
	return error == -EMFILE || error == -ENFILE || error == -EAGAIN ||
	       error == -ENOMEM;
}

/* ---- programs ---- */

static bool build_environment(const struct backend_start *b)
{
	const struct client *c = b->client;
	struct cgi_request r = {
		.path = b->route->conf,
		.line_buffer = b->route->line_buffer,
		.user = b->user,
		.id = b->id,
	};

	if (c) {
		r.http = &c->http;
		r.data = buf_head(&c->head);
		r.decoded = c->path;
		r.handshake = b->handshake;
		r.peer = &c->peer;
		r.extra = c->verdict ? c->verdict->answer.env : NULL;
		r.auth_type = c->auth_type;
		r.secure = c->secure;
		r.tls = c->seen;
	}
	return cgi_build(&b->server->cgi, &r);
}

bool backend_terminal(const struct client *c, const struct route *route,
		      struct terminal_size *ret)
{
	*ret = route->conf->exec.pty;
	return !c || ret->rows == 0 ||
	       terminal_read_query(http_span(buf_head(&c->head), c->http.query), ret);
}

static int open_exec(const struct backend_start *b, const char **ret_why)
{
	struct route *route = b->route;
	char who[SESSION_WHO];
	struct exec_start start = {
		.conf = &route->conf->exec,
		.envp = b->server->cgi.vars,
		.who = session_who(b->id, route->conf->path, who),
		.id = b->id,
		.running = &route->use->running,
		.stats = &route->use->stats,
	};
	const char *what;
	int err;

	*ret_why = "rows and cols of a terminal are 1 to 1000";
	if (!backend_terminal(b->client, route, &start.size))
		return -ERANGE;
	*ret_why = "the program's environment would be too large";
	if (!build_environment(b))
		return -E2BIG;
	err = source_exec_open(b->hub, &start, &what);
	if (err == 0) {
		route->use->stats.spawns++;
		return 0;
	}
	route->use->stats.spawn_failures++;
	log_error(who, "cannot start the program: %s: %s", what, strerror(-err));
	*ret_why = is_want(err) ? "no room to start the program"
				: "the program cannot be started";
	return err == -E2BIG || err == -ERANGE ? -ENOEXEC
					       : err; /* not the request's fault */
}

/* ---- all kinds ---- */

/* One kind of source. */
struct backend_kind {
	int (*open)(const struct backend_start *b, const char **ret_why);
};

static const struct backend_kind kinds[] = {
	[SOURCE_EXEC] = { open_exec },
};

int backend_open(const struct backend_start *b, const char **ret_why)
{
	return kinds[b->route->conf->source].open(b, ret_why);
}

void backend_refuse(struct client *c, int error, const char *why)
{
	int status = 502;

	if (is_want(error))
		status = 503;
	else if (error == -ETIMEDOUT)
		status = 504;
	else if (error == -ERANGE)
		status = 400;
	else if (error == -E2BIG)
		status = 431;
	answer_error(c, status, why);
}
