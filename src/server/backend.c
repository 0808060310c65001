/* SPDX-License-Identifier: MIT */
/* What is behind a path: its source, opened for a client before the 101. */
#include <errno.h>
#include <string.h>

#include "auth_exec.h"
#include "backend.h"
#include "dashboard.h"
#include "fifo.h"
#include "follow.h"
#include "hooks.h"
#include "log.h"
#include "proxy.h"
#include "source_echo.h"

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
		.line_buffer = route_line_buffer(b->route),
		.user = b->user,
		.id = b->id,
	};

	if (c) {
		r.http = &c->http;
		r.data = buf_head(&c->head);
		r.decoded = c->path;
		r.handshake = b->handshake;
		r.peer = &c->peer;
		r.extra[0] = c->grant ? c->grant->answer.env : NULL;
		r.extra[1] = c->verdict ? c->verdict->answer.env : NULL;
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
		.found = &route->found,
		.path = route->conf->path,
		.id = b->id,
		.running = &route->use->running,
	};
	const char *what;
	int err;

	(void)backend_terminal(b->client, route, &start.size);
	*ret_why = "the program's environment would be too large";
	if (!build_environment(b))
		return -E2BIG;
	err = source_exec_open(b->hub, &start, &what);
	if (err == 0) {
		route->use->stats.spawns++;
		return 0;
	}
	route->use->stats.spawn_failures++;
	log_error(session_who(b->id, route->conf->path, who),
		  "cannot start the program: %s: %s", what, strerror(-err));
	*ret_why = is_want(err) ? "no room to start the program"
				: "the program cannot be started";
	return err == -E2BIG ? -ENOEXEC : err; /* not the request's fault */
}

/* ---- services ---- */

static enum proxy_certificate certificate_of(const struct tls_seen *seen)
{
	if (!*seen->fingerprint)
		return PROXY_CERTIFICATE_NONE;
	return strcmp(seen->verify, "SUCCESS") == 0 ? PROXY_CERTIFICATE_GOOD
						    : PROXY_CERTIFICATE_DOUBTFUL;
}

/* What a service is told of C; NULL: that nobody is there. */
static size_t write_header(const struct client *c, char out[PROXY_WRITE_MAX])
{
	struct proxy_about about = { .secure = false };

	if (!c)
		return proxy_write(&about, out);
	about.client = c->peer;
	about.secure = c->secure;
	about.server.len = sizeof(about.server.un);
	if (getsockname(c->stream.io.fd, &about.server.sa, &about.server.len) < 0)
		about.server.len = 0;
	if (c->seen) {
		about.version = c->seen->version;
		about.cipher = c->seen->cipher;
		about.certificate = certificate_of(c->seen);
	}
	return proxy_write(&about, out);
}

/* Who looks names up, from the first one on; NULL: out of memory. */
static struct resolver *make_resolver(const struct server *s)
{
	struct resolver *r = resolver_new(s->loop);

	if (r)
		resolver_configure(r, s->routes->conf->resolver);
	return r;
}

static int open_connect(const struct backend_start *b, const char **ret_why)
{
	const struct path_conf *path = b->route->conf;
	const char *name = path->connect.target.name;
	struct server *s = b->server;
	char who[SESSION_WHO], header[PROXY_WRITE_MAX];
	struct connect_start start = {
		.conf = &path->connect,
		.tune = &s->routes->conf->stream,
		.who = session_who(b->id, path->path, who),
		.running = &b->route->use->running,
		.stats = &b->route->use->stats,
	};
	int err = 0;

	if (path->connect.send_proxy)
		start.header = (struct span){ header, write_header(b->client, header) };
	if (name && !s->resolver) {
		s->resolver = make_resolver(s);
		err = s->resolver ? 0 : -ENOMEM;
	}
	start.resolver = s->resolver;
	if (err == 0)
		err = source_connect_open(b->hub, &start);
	if (err == 0)
		return 0;
	log_error(who, "connect: %s: %s", path->connect.target.text, strerror(-err));
	*ret_why = "the service cannot be reached";
	return err;
}

/* ---- FIFOs, files, and what is built in ---- */

static int open_fifo(const struct backend_start *b, const char **ret_why)
{
	char who[SESSION_WHO];
	struct fifo_start start = {
		.conf = &b->route->conf->fifo,
		.who = session_who(b->id, b->route->conf->path, who),
		.stats = &b->route->use->stats,
	};
	const char *what;
	int err = source_fifo_open(b->hub, &start, &what);

	*ret_why = "the FIFO cannot be opened";
	if (err < 0)
		log_error(who, "cannot open the FIFO: %s: %s", what, fifo_strerror(err));
	return err;
}

static int open_file(const struct backend_start *b, const char **ret_why)
{
	const struct file_conf *conf = &b->route->conf->file;
	char who[SESSION_WHO];
	int err = source_file_open(b->hub, conf,
				   session_who(b->id, b->route->conf->path, who));

	*ret_why = "the file cannot be opened";
	if (err < 0)
		log_error(who, "cannot open the file: %s: %s", conf->path,
			  follow_strerror(err));
	return err;
}

static int open_echo(const struct backend_start *b, const char **ret_why)
{
	*ret_why = "out of memory";
	return source_echo_open(b->hub, &b->route->use->stats);
}

static void make_fifo(const struct path_conf *path, const char *name)
{
	int err = name ? fifo_make(name, (mode_t)path->fifo.create) : 0;

	if (err < 0)
		log_error(path->path, "cannot make the FIFO: %s: %s", name,
			  fifo_strerror(err));
}

static void make_fifos(const struct path_conf *path)
{
	if (path->fifo.create == FIFO_CREATE_NO)
		return;
	make_fifo(path, path->fifo.read);
	make_fifo(path, path->fifo.write);
}

void backend_prepare(struct server *s)
{
	const struct conf *conf = s->routes->conf;

	for (size_t i = 0; i < conf->npaths; i++) {
		const struct path_conf *path = conf->paths[i];

		if (path->source == SOURCE_FIFO)
			make_fifos(path);
		if (path->source == SOURCE_FIFO || path->source == SOURCE_FILE)
			path_watches_open(&s->bridge.paths);
	}
}

/* ---- all kinds ---- */

/* One kind of source. */
struct backend_kind {
	int (*open)(const struct backend_start *b, const char **ret_why);
	const char *name;         /* for a page; NULL: the program's own */
	const char *noun;         /* for the log */
	const char *many, *often; /* why there is none for C: max_processes, spawn_rate */
};

/* Of what is not started only the sessions are counted; the key is not one of its paths'.
 */
#define MANY_SESSIONS "too many sessions of this path (max_processes in [defaults])"

static const struct backend_kind kinds[] = {
	[SOURCE_STATIC] = { .name = "files", .noun = "directory" },
	[SOURCE_EXEC] = { open_exec, NULL, "program",
			  "too many programs of this path (max_processes)",
			  "too many starts of this path's program (spawn_rate)" },
	[SOURCE_CONNECT] = { open_connect, "a service", "connection",
			     "too many connections of this path (max_processes)",
			     "too many new connections of this path (spawn_rate)" },
	[SOURCE_FIFO] = { open_fifo, "a FIFO", "FIFO", MANY_SESSIONS, NULL },
	[SOURCE_FILE] = { open_file, "a file", "file", MANY_SESSIONS, NULL },
	[SOURCE_ECHO] = { open_echo, "an echo", "echo", MANY_SESSIONS, NULL },
	[SOURCE_CHANNEL] = { open_echo, "a channel", "channel", MANY_SESSIONS, NULL },
	[SOURCE_CONTROL] = { .open = dashboard_open,
			     .name = "the dashboard",
			     .noun = "dashboard",
			     .many = "8 dashboards are open; close one and try again" },
};

const char *backend_why_many(const struct route *route)
{
	return kinds[route->conf->source].many;
}

const char *backend_why_often(const struct route *route)
{
	return kinds[route->conf->source].often;
}

const char *backend_name(const struct path_conf *p)
{
	return kinds[p->source].name ? kinds[p->source].name : basename(p->exec.argv[0]);
}

const char *backend_noun(const struct route *route)
{
	return kinds[route->conf->source].noun;
}

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
	else if (error == -E2BIG)
		status = 431;
	answer_error(c, status, why);
}
