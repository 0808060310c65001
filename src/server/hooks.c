/* SPDX-License-Identifier: MIT */
/* The programs of [hooks]: they decide on requests, and hear of sessions. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "hook.h"
#include "hooks.h"
#include "log.h"
#include "session_asked.h"
#include "which.h"

#define VARIABLES 32

/* ---- the environment ---- */

struct environment {
	char *vars[VARIABLES + 1]; /* NULL-terminated */
	size_t n;
};

__attribute__((format(printf, 2, 3))) static void put(struct environment *e,
						      const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (e->n < VARIABLES && vasprintf(&e->vars[e->n], fmt, args) >= 0)
		e->n++;
	va_end(args);
	e->vars[e->n] = NULL;
}

static void put_span(struct environment *e, const char *name, struct span value)
{
	put(e, "%s=%.*s", name, (int)value.n, value.p ? value.p : "");
}

/* What every hook gets; nothing of ours that it is not told of on purpose. */
static void put_base(struct environment *e, const char *event, uint64_t id,
		     const char *path, const struct addr *peer, const char *user)
{
	static const char *const passed[] = { "HOME", "USER", "SHELL", "LANG", "TZ" };
	char host[ADDR_TEXT];

	put(e, "PATH=%s", which_path(NULL));
	for (size_t i = 0; i < sizeof(passed) / sizeof(*passed); i++)
		if (getenv(passed[i]))
			put(e, "%s=%s", passed[i], getenv(passed[i]));
	addr_host(peer, host);
	put(e, "WSBRIDGE_EVENT=%s", event);
	put(e, "WSBRIDGE_ID=%llu", (unsigned long long)id);
	put(e, "WSBRIDGE_PATH=%s", path);
	put(e, "WSBRIDGE_REMOTE_ADDR=%s", host);
	put(e, "WSBRIDGE_REMOTE_PORT=%u", addr_port(peer));
	put(e, "WSBRIDGE_USER=%s", user ? user : "");
}

/* As programs get them (cgi.c). */
static void put_tls(struct environment *e, const struct tls_seen *tls)
{
	put(e, "SSL_CLIENT_VERIFY=%s", tls->verify);
	if (!*tls->fingerprint) /* it showed no certificate */
		return;
	put(e, "SSL_CLIENT_S_DN=%s", tls->subject);
	put(e, "SSL_CLIENT_I_DN=%s", tls->issuer);
	put(e, "SSL_CLIENT_M_SERIAL=%s", tls->serial);
	put(e, "SSL_CLIENT_FINGERPRINT=%s", tls->fingerprint);
}

static void put_request(struct environment *e, const struct client *c)
{
	const char *data = buf_head(&c->head);
	struct span origin = { NULL, 0 }, offered = { NULL, 0 };

	http_find(&c->http, data, "Origin", &origin);
	http_find(&c->http, data, "Sec-WebSocket-Protocol", &offered);
	put(e, "WSBRIDGE_REQUEST_PATH=%s", c->path);
	put_span(e, "WSBRIDGE_QUERY", http_span(data, c->http.query));
	put_span(e, "WSBRIDGE_HOST", http_span(data, c->http.host));
	put_span(e, "WSBRIDGE_ORIGIN", origin);
	put_span(e, "WSBRIDGE_SUBPROTOCOLS", offered);
	put(e, "WSBRIDGE_SECURE=%s", c->secure ? "yes" : "no");
	if (c->seen)
		put_tls(e, c->seen);
}

static void environment_free(struct environment *e)
{
	while (e->n > 0)
		free(e->vars[--e->n]);
}

/* ---- on_request ---- */

void verdict_free(struct verdict *v)
{
	if (!v)
		return;
	free(v->bytes);
	free(v);
}

static void join_headers(struct verdict *v)
{
	size_t at = 0;

	for (unsigned i = 0; i < v->answer.nheaders; i++)
		at += (size_t)snprintf(v->headers + at, sizeof(v->headers) - at, "%s\r\n",
				       v->answer.header[i]);
}

static enum step refuse(struct client *c, int status, const char *reason)
{
	answer_error(c, status, reason);
	return STEP_END;
}

/* Its lines, of which each has to be good: half an answer may be the wrong half. */
static enum step judge(struct client *c, const struct hook_end *end)
{
	struct verdict *v = calloc(1, sizeof(*v));
	char who[SESSION_WHO];
	unsigned line = 0;
	const char *why = "";

	if (v)
		v->bytes = malloc(end->n + 1);
	if (!v || !v->bytes) {
		verdict_free(v);
		return refuse(c, 503, "out of memory");
	}
	if (end->n > 0)
		memcpy(v->bytes, end->out, end->n);
	c->verdict = v;
	if (!hook_answer_read(v->bytes, end->n, &v->answer, &line, &why)) {
		log_error(client_who(c, who), "on_request: line %u of its answer: %s",
			  line, why);
		return refuse(c, 502, "the on_request hook has failed");
	}
	if (v->answer.status)
		return refuse(c, v->answer.status,
			      v->answer.text ? v->answer.text
					     : "refused by the on_request hook");
	join_headers(v);
	if (v->answer.user)
		c->user = v->answer.user;
	return STEP_NEXT;
}

static void on_answer(void *data, const struct hook_end *end)
{
	struct client *c = data;
	char who[SESSION_WHO];
	enum step said;

	c->cancel = NULL;
	if (end->timed_out) {
		said = refuse(c, 503, "the on_request hook took too long");
	} else if (end->too_long) {
		log_error(client_who(c, who),
			  "on_request: its answer has more than %d bytes",
			  HOOK_ANSWER_MOST);
		said = refuse(c, 502, "the on_request hook has failed");
	} else if (!WIFEXITED(end->status)) {
		log_error(client_who(c, who), "on_request: killed by signal %d",
			  WTERMSIG(end->status));
		said = refuse(c, 502, "the on_request hook has failed");
	} else if (WEXITSTATUS(end->status) != 0) {
		said = refuse(c, 403, "refused by the on_request hook");
	} else {
		said = judge(c, end);
	}
	request_resume(c, said);
}

static void cancel(struct client *c)
{
	hook_cancel(c->waits_for);
}

/* Run ARGV.  0, or -errno: it is logged. */
static int run(struct server *s, char *const *argv, const struct hook_start *how,
	       struct hook **ret)
{
	struct hook_start start = *how;
	const char *what;
	int r;

	start.argv = argv;
	start.timeout = s->routes->conf->hooks.timeout;
	r = hook_run(&s->hooks, &s->bridge, &start, ret, &what);
	if (r < 0)
		log_error(how->who, "cannot start the hook: %s: %s", what, strerror(-r));
	return r;
}

static bool is_full(const struct server *s)
{
	return s->hooks.n >= s->routes->conf->hooks.max_running;
}

enum step hooks_ask(struct client *c, const struct route *route)
{
	struct server *s = c->server;
	char *const *argv = s->routes->conf->hooks.on_request;
	struct environment e = { .n = 0 };
	char who[SESSION_WHO];
	struct hook_start start = { .who = client_who(c, who),
				    .envp = e.vars,
				    .output_max = HOOK_ANSWER_MOST,
				    .done = on_answer,
				    .data = c };
	struct hook *hook;
	int r;

	if (!argv)
		return STEP_NEXT;
	if (is_full(s))
		return refuse(c, 503, "too many hooks are running ([hooks] max_running)");
	put_base(&e, "on_request", c->id, route->conf->path, &c->peer, c->user);
	put_request(&e, c);
	r = run(s, argv, &start, &hook);
	environment_free(&e);
	if (r < 0)
		return refuse(c, 502, "the on_request hook cannot be started");
	c->waits_for = hook;
	c->cancel = cancel;
	return STEP_AGAIN;
}

/* ---- on_open, on_close ---- */

static void tell(struct server *s, char *const *argv, const char *event,
		 const struct session *session, struct environment *e)
{
	char who[SESSION_WHO];
	struct hook_start start = { .who = session_who(session->id, session->path, who),
				    .envp = e->vars };
	struct hook *hook;

	if (is_full(s)) {
		log_warning(start.who, "%s is not run: max_running hooks are", event);
		return;
	}
	put_base(e, event, session->id, session->path, &session->peer, session->user);
	put(e, "WSBRIDGE_SUBPROTOCOL=%s",
	    session_asked_text(session->asked, ASKED_SUBPROTOCOL));
	run(s, argv, &start, &hook);
}

void hooks_opened(struct server *s, const struct session *session)
{
	struct environment e = { .n = 0 };
	char *const *argv = s->routes->conf->hooks.on_open;

	if (!argv || session->refused)
		return;
	tell(s, argv, "on_open", session, &e);
	environment_free(&e);
}

void hooks_closed(struct server *s, const struct session *session)
{
	struct environment e = { .n = 0 };
	char *const *argv = s->routes->conf->hooks.on_close;

	if (!argv || session->refused || s->state == SERVER_KILLED)
		return;
	put(&e, "WSBRIDGE_CODE=%u", session->close_code);
	put(&e, "WSBRIDGE_BY=%s", closed_by_name(session->closed_by));
	put(&e, "WSBRIDGE_REASON=%s", session->close_reason ? session->close_reason : "");
	put(&e, "WSBRIDGE_SECONDS=%.3f", s->bridge.now - session->opened);
	tell(s, argv, "on_close", session, &e);
	environment_free(&e);
}
