/* SPDX-License-Identifier: MIT */
/* The programs of [hooks]: they decide on requests, and hear of sessions. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "hook.h"
#include "hooks.h"
#include "log.h"
#include "session_asked.h"

/* ---- the environment ---- */

/* What every hook gets; nothing of ours that it is not told of on purpose. */
static void put_base(struct cgi *e, const char *event, uint64_t id, const char *path,
		     const struct addr *peer, const char *user)
{
	char host[ADDR_TEXT];

	cgi_begin(e, NULL);
	addr_host(peer, host);
	cgi_put_text(e, "WSBRIDGE_EVENT", event);
	cgi_put_number(e, "WSBRIDGE_ID", id);
	cgi_put_text(e, "WSBRIDGE_PATH", path);
	cgi_put_text(e, "WSBRIDGE_REMOTE_ADDR", host);
	cgi_put_number(e, "WSBRIDGE_REMOTE_PORT", addr_port(peer));
	cgi_put_text(e, "WSBRIDGE_USER", user ? user : "");
}

static void put_request(struct cgi *e, const struct client *c)
{
	const char *data = buf_head(&c->head);
	struct span origin = { NULL, 0 }, offered = { NULL, 0 };

	http_find(&c->http, data, "Origin", &origin);
	http_find(&c->http, data, "Sec-WebSocket-Protocol", &offered);
	cgi_put_text(e, "WSBRIDGE_REQUEST_PATH", c->path);
	cgi_put(e, SPAN("WSBRIDGE_QUERY"), http_span(data, c->http.query));
	cgi_put(e, SPAN("WSBRIDGE_HOST"), http_span(data, c->http.host));
	cgi_put(e, SPAN("WSBRIDGE_ORIGIN"), origin);
	cgi_put(e, SPAN("WSBRIDGE_SUBPROTOCOLS"), offered);
	cgi_put_text(e, "WSBRIDGE_SECURE", c->secure ? "yes" : "no");
	if (c->seen)
		cgi_put_tls(e, c->seen);
}

void hooks_describe(struct client *c, const char *event, const struct route *route)
{
	struct cgi *e = &c->server->cgi;

	put_base(e, event, c->id, route->conf->path, &c->peer, c->user);
	put_request(e, c);
}

static void put_end(struct cgi *e, const struct session *session)
{
	char seconds[32];

	snprintf(seconds, sizeof(seconds), "%.3f",
		 session->bridge->now - session->opened);
	cgi_put_number(e, "WSBRIDGE_CODE", session->close_code);
	cgi_put_text(e, "WSBRIDGE_BY", closed_by_name(session->closed_by));
	cgi_put_text(e, "WSBRIDGE_REASON",
		     session->close_reason ? session->close_reason : "");
	cgi_put_text(e, "WSBRIDGE_SECONDS", seconds);
}

/* ---- running one ---- */

int hooks_run(struct server *s, const struct hook_start *how, struct hook **ret)
{
	struct hook_start start = *how;
	const char *what = "its environment";
	int r = -E2BIG;

	start.envp = s->cgi.vars;
	if (!s->cgi.full)
		r = hook_run(&s->hooks, &s->bridge, &start, ret, &what);
	if (r < 0)
		log_error(how->who, "cannot start the %s: %s: %s", how->kind, what,
			  strerror(-r));
	return r;
}

enum hook_said hooks_said(const struct client *c, const char *name,
			  const struct hook_end *end)
{
	char who[SESSION_WHO];

	if (end->timed_out)
		return HOOK_LATE;
	if (end->too_long)
		log_error(client_who(c, who), "%s: its answer has more than %d bytes",
			  name, HOOK_ANSWER_MOST);
	else if (!WIFEXITED(end->status))
		log_error(client_who(c, who), "%s: killed by signal %d", name,
			  WTERMSIG(end->status));
	else
		return WEXITSTATUS(end->status) == 0 ? HOOK_YES : HOOK_NO;
	return HOOK_FAILED;
}

bool hooks_read(const struct client *c, const char *name, char *text, size_t n,
		struct hook_answer *ret)
{
	char who[SESSION_WHO];
	unsigned line = 0;
	const char *why = "";

	if (hook_answer_read(text, n, ret, &line, &why))
		return true;
	log_error(client_who(c, who), "%s: line %u of its answer: %s", name, line, why);
	return false;
}

bool hooks_add_fields(struct client *c, const struct hook_answer *a)
{
	size_t n = c->fields ? strlen(c->fields) : 0, room = n + 1;
	char *text;

	for (unsigned i = 0; i < a->nheaders; i++)
		room += strlen(a->header[i]) + strlen("\r\n");
	if (a->nheaders == 0)
		return true;
	text = realloc(c->fields, room);
	if (!text)
		return false;
	c->fields = text;
	for (unsigned i = 0; i < a->nheaders; i++)
		n += (size_t)snprintf(text + n, room - n, "%s\r\n", a->header[i]);
	return true;
}

bool hooks_choose(const struct client *c, const char *name, const struct hook_answer *a,
		  struct handshake *hs)
{
	char who[SESSION_WHO];
	struct span offered;

	if (!a->subprotocol)
		return true;
	offered = handshake_offered(&c->http, buf_head(&c->head), a->subprotocol);
	if (offered.n > 0)
		hs->subprotocol = offered;
	else
		log_error(client_who(c, who),
			  "%s: the client does not offer the subprotocol %s", name,
			  a->subprotocol);
	return offered.n > 0;
}

/* ---- on_request ---- */

void verdict_free(struct verdict *v)
{
	if (!v)
		return;
	free(v->bytes);
	free(v);
}

static enum step refuse(struct client *c, int status, const char *reason)
{
	answer_error(c, status, reason);
	return STEP_END;
}

static enum step refuse_failed(struct client *c)
{
	return refuse(c, 502, "the on_request hook has failed");
}

/* Its lines, of which each has to be good: half an answer may be the wrong half. */
static enum step judge(struct client *c, const struct hook_end *end)
{
	struct verdict *v = calloc(1, sizeof(*v));

	if (v)
		v->bytes = malloc(end->n + 1);
	if (!v || !v->bytes) {
		verdict_free(v);
		return refuse(c, 503, "out of memory");
	}
	if (end->n > 0)
		memcpy(v->bytes, end->out, end->n);
	c->verdict = v;
	if (!hooks_read(c, "on_request", v->bytes, end->n, &v->answer))
		return refuse_failed(c);
	if (v->answer.status)
		return refuse(c, v->answer.status,
			      v->answer.text ? v->answer.text
					     : "refused by the on_request hook");
	if (!hooks_add_fields(c, &v->answer))
		return refuse(c, 503, "out of memory");
	if (v->answer.user)
		c->user = v->answer.user;
	return STEP_NEXT;
}

static enum step decide(struct client *c, const struct hook_end *end)
{
	switch (hooks_said(c, "on_request", end)) {
	case HOOK_LATE:
		return refuse(c, 503, "the on_request hook took too long");
	case HOOK_FAILED:
		return refuse_failed(c);
	case HOOK_NO:
		return refuse(c, 403, "refused by the on_request hook");
	case HOOK_YES:
		break;
	}
	return judge(c, end);
}

static void on_answer(void *data, const struct hook_end *end)
{
	struct client *c = data;

	c->cancel = NULL;
	request_resume(c, decide(c, end));
}

bool hooks_decided(struct client *c, struct handshake *hs)
{
	if (!c->verdict || hooks_choose(c, "on_request", &c->verdict->answer, hs))
		return true;
	refuse_failed(c);
	return false;
}

static void cancel(struct client *c)
{
	hook_cancel(c->waits_for);
}

/* Run ARGV, of [hooks], as HOW. */
static int run(struct server *s, char *const *argv, const struct hook_start *how,
	       struct hook **ret)
{
	struct hook_start start = *how;

	start.argv = argv;
	start.kind = "hook";
	start.timeout = s->routes->conf->hooks.timeout;
	start.count = &s->nhooks;
	return hooks_run(s, &start, ret);
}

static bool is_full(const struct server *s)
{
	return s->nhooks >= s->routes->conf->hooks.max_running;
}

enum step hooks_ask(struct client *c, const struct route *route)
{
	struct server *s = c->server;
	char *const *argv = s->routes->conf->hooks.on_request;
	char who[SESSION_WHO];
	struct hook_start start = { .who = client_who(c, who),
				    .output_max = HOOK_ANSWER_MOST,
				    .done = on_answer,
				    .data = c };
	struct hook *hook;
	int r;

	if (!argv)
		return STEP_NEXT;
	if (is_full(s))
		return refuse(c, 503, "too many hooks are running ([hooks] max_running)");
	hooks_describe(c, "on_request", route);
	r = run(s, argv, &start, &hook);
	if (r == -E2BIG)
		return refuse(c, 431, "the hook's environment would be too large");
	if (r < 0)
		return refuse(c, 502, "the on_request hook cannot be started");
	c->waits_for = hook;
	c->cancel = cancel;
	return STEP_AGAIN;
}

/* ---- on_open, on_close ---- */

static void tell(struct server *s, char *const *argv, const char *event,
		 const struct session *session, bool ended)
{
	char who[SESSION_WHO];
	struct hook_start start = { .who = session_who(session->id, session->path, who) };
	struct hook *hook;

	if (is_full(s)) {
		log_warning(start.who, "%s is not run: max_running hooks are", event);
		return;
	}
	put_base(&s->cgi, event, session->id, session->path, session->peer,
		 session->user);
	cgi_put_text(&s->cgi, "WSBRIDGE_SUBPROTOCOL",
		     session_asked_text(session->asked, ASKED_SUBPROTOCOL));
	if (ended)
		put_end(&s->cgi, session);
	run(s, argv, &start, &hook);
}

void hooks_opened(struct server *s, const struct session *session)
{
	char *const *argv = s->routes->conf->hooks.on_open;

	if (argv && !session->refused)
		tell(s, argv, "on_open", session, false);
}

void hooks_closed(struct server *s, const struct session *session)
{
	char *const *argv = s->routes->conf->hooks.on_close;

	if (argv && !session->refused && s->state != SERVER_KILLED)
		tell(s, argv, "on_close", session, true);
}
