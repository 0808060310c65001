/* SPDX-License-Identifier: MIT */
/* What is behind a path: its source, opened for a client before the 101. */
#include <errno.h>
#include <string.h>

#include "backend.h"
#include "hooks.h"
#include "log.h"

static enum step refuse(struct client *c, int status, const char *reason)
{
	answer_error(c, status, reason);
	return STEP_END;
}

/* There are not enough descriptors, processes or memory. */
static bool is_want(int error)
{
	return error == -EMFILE || error == -ENFILE || error == -EAGAIN ||
	       error == -ENOMEM;
}

/* ---- programs ---- */

static bool build_environment(struct client *c, const struct route *route,
			      const struct handshake *hs)
{
	struct cgi_request r = {
		.path = route->conf,
		.line_buffer = route->line_buffer,
		.http = &c->http,
		.data = buf_head(&c->head),
		.decoded = c->path,
		.handshake = hs,
		.peer = &c->peer,
		.user = c->user,
		.extra = c->verdict ? c->verdict->answer.env : NULL,
		.auth_type = c->auth_type,
		.secure = c->secure,
		.tls = c->seen,
		.id = c->id,
	};

	return cgi_build(&c->server->cgi, &r);
}

static enum step open_exec(struct client *c, struct route *route,
			   const struct handshake *hs, struct hub *hub)
{
	char who[SESSION_WHO];
	struct exec_start start = {
		.conf = &route->conf->exec,
		.envp = c->server->cgi.vars,
		.who = session_who(c->id, route->conf->path, who),
		.id = c->id,
		.running = &route->use->running,
		.stats = &route->use->stats,
	};
	const char *what;
	int err;

	if (!build_environment(c, route, hs))
		return refuse(c, 431, "the program's environment would be too large");
	err = source_exec_open(hub, &start, &what);
	if (err == 0) {
		route->use->stats.spawns++;
		return STEP_NEXT;
	}
	route->use->stats.spawn_failures++;
	log_error(who, "cannot start the program: %s: %s", what, strerror(-err));
	if (is_want(err))
		return refuse(c, 503, "no room to start the program");
	return refuse(c, 502, "the program cannot be started");
}

/* ---- all kinds ---- */

/* One kind of source. */
struct backend_kind {
	enum step (*open)(struct client *c, struct route *route,
			  const struct handshake *hs, struct hub *hub);
};

static const struct backend_kind kinds[] = {
	[SOURCE_EXEC] = { open_exec },
};

enum step backend_open(struct client *c, struct route *route, const struct handshake *hs,
		       struct hub *hub)
{
	return kinds[route->conf->source].open(c, route, hs, hub);
}

void backend_refuse(struct client *c, int error, const char *why)
{
	if (is_want(error))
		answer_error(c, 503, why);
	else
		answer_error(c, error == -ETIMEDOUT ? 504 : 502, why);
}
