/* SPDX-License-Identifier: MIT */
/* A legal upgrade: access checks, the backend's start, the 101, a session. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "attach.h"
#include "auth_exec.h"
#include "backend.h"
#include "event.h"
#include "hooks.h"
#include "log.h"

#define ANSWER_MAX \
	(1024 + 3 * HOOK_ANSWER_MOST) /* bytes of the 101, with what programs add */

/* ---- may it? ---- */

#define FIELD_TEXT 256 /* of a field in an event */

/* The field NAME of the request, as much of it as OUT (FIELD_TEXT bytes) has room for;
 * NULL: it is not there. */
static const char *field_text(const struct client *c, const char *name, char *out)
{
	struct span value;

	if (!http_find(&c->http, buf_head(&c->head), name, &value))
		return NULL;
	snprintf(out, FIELD_TEXT, "%.*s", (int)value.n, value.p);
	return out;
}

static void tell_open_request(const struct client *c)
{
	char peer[ADDR_TEXT], via[ADDR_TEXT], who[SESSION_WHO];
	char host[FIELD_TEXT], origin[FIELD_TEXT], subprotocols[FIELD_TEXT];

	event_tell(
		EVENT_WEBSOCKET_OPEN_REQUEST, client_who(c, who),
		(union log_value[]){
			{ .text = addr_text(&c->peer, peer) },
			{ .text = c->user },
			{ .text = field_text(c, "Host", host) },
			{ .text = field_text(c, "Origin", origin) },
			{ .text = field_text(c, "Sec-WebSocket-Protocol", subprotocols) },
			{ .text = c->named ? addr_text(&c->from, via) : NULL } });
}

static bool origin_allowed(struct client *c, const struct route *route)
{
	const char *data = buf_head(&c->head);
	struct span origin = { NULL, 0 }, host = http_span(data, c->http.host);
	char policy[256], reason[1024];

	http_find(&c->http, data, "Origin", &origin);
	if (access_origin(&route->conf->access, origin, host))
		return true;
	access_origin_text(&route->conf->access, policy, sizeof(policy));
	if (origin.p)
		snprintf(reason, sizeof(reason),
			 "Origin %.*s is not allowed for %s (origin = %s, Host is %.*s)",
			 (int)origin.n, origin.p, route->conf->path, policy, (int)host.n,
			 host.p);
	else
		snprintf(
			reason, sizeof(reason),
			"a request without Origin is not allowed for %s (origin_missing = deny)",
			route->conf->path);
	answer_error(c, 403, reason);
	return false;
}

/* ---- the session ---- */

/* The stream becomes a session's, with what the client has sent behind its head. */
static struct session *open_session(struct client *c, const struct route *route,
				    const struct handshake *hs, struct hub *hub)
{
	struct server *s = c->server;
	struct routes *keep = routes_ref(c->routes);
	char answer[ANSWER_MAX], via[ADDR_TEXT];
	size_t n = handshake_answer(hs, answer, sizeof(answer));
	const char *data = buf_head(&c->head);
	struct span asked[ASKED_COUNT] = {
		[ASKED_URI] = http_span(data, c->http.target),
		[ASKED_HOST] = http_span(data, c->http.host),
		[ASKED_SUBPROTOCOL] = hs->subprotocol,
	};
	struct session_start start = {
		.id = c->id,
		.conf = &route->conf->session,
		.path = route->conf->path,
		.stats = &route->use->stats,
		.keep = keep,
		.client = &c->stream,
		.peer = c->peer,
		.user = c->user,
		.via = c->named ? addr_text(&c->from, via) : NULL,
		.hub = hub,
		.request_path = c->path,
		.query = http_span(data, c->http.query),
		.asked = asked,
		.greeting = { answer, n },
		.subprotocol = hs->subprotocol,
		.terminal = hub && hub->terminal.rows > 0 &&
			    span_is(hs->subprotocol, SPAN(TERMINAL_SUBPROTOCOL)),
	};
	struct session *session;

	if (route->conf->session_key.from == SESSION_KEY_QUERY) /* it is a secret */
		asked[ASKED_URI] = http_span(data, c->http.path);
	http_find(&c->http, data, "Origin", &asked[ASKED_ORIGIN]);
	session = n ? session_open(&s->bridge, &start) : NULL;
	if (!session) {
		routes_unref(keep);
		return NULL;
	}
	c->of_peer = 0;
	client_answered(c, 101);
	return session;
}

static void refuse_in_words(struct client *c, const struct route *route,
			    const struct handshake *hs)
{
	struct session *session = open_session(c, route, hs, NULL);

	if (!session) {
		answer_error(c, 503, "out of memory");
		return;
	}
	session_close(session, CLOSE_TRY_LATER, "server is full", CLOSED_BY_SERVER);
	session_proceed(session);
}

/* The terminal that is there gets the size that C comes with, if C may type into it. */
static void take_size(const struct client *c, const struct route *route, struct hub *hub)
{
	struct terminal_size size = hub->terminal;

	if (size.rows > 0 && route->conf->session.write &&
	    terminal_read_query(http_span(buf_head(&c->head), c->http.query), &size) &&
	    (size.rows != hub->terminal.rows || size.cols != hub->terminal.cols))
		hub_resize(hub, size);
}

/* C's backend is open: the 101, and a session on its hub. */
static enum step join(struct client *c, struct route *route, const struct handshake *hs)
{
	struct hub *hub = c->hub;
	struct session *session = open_session(c, route, hs, hub);

	c->hub = NULL;
	if (!session) {
		hub_abandon(hub);
		answer_error(c, 503, "out of memory");
		return STEP_END;
	}
	take_size(c, route, hub);
	hooks_opened(c->server, session);
	attach_take_over(route, session);
	session_input(session, buf_head(&c->head) + c->http.size,
		      buf_len(&c->head) - c->http.size);
	session_proceed(session);
	return STEP_END;
}

/* ---- a backend that takes its time ---- */

static void cancel(struct client *c)
{
	hub_unwait(c->hub, &c->waiter);
	c->hub = NULL;
}

static void on_opened(struct hub_waiter *w, int error, const char *why)
{
	struct client *c = (struct client *)((char *)w - offsetof(struct client, waiter));

	if (error == 0) {
		request_resume(c, STEP_NEXT);
		return;
	}
	c->hub = NULL;
	c->cancel = NULL; /* C may be dropped for want of memory */
	backend_refuse(c, error, why);
	request_resume(c, STEP_END);
}

static enum step wait_for_hub(struct client *c)
{
	c->waiter.opened = on_opened;
	hub_wait(c->hub, &c->waiter);
	c->cancel = cancel;
	return STEP_AGAIN;
}

/* C's hub is there: join it, once it is open. */
static enum step enter(struct client *c, struct route *route, const struct handshake *hs)
{
	return c->hub->opening ? wait_for_hub(c) : join(c, route, hs);
}

/* A hub of C's own. */
static int open_own(struct client *c, struct route *route, const struct handshake *hs,
		    struct hub **ret_hub, const char **ret_why)
{
	struct server *s = c->server;
	struct routes *keep = routes_ref(c->routes);
	struct backend_start start = {
		.server = s,
		.route = route,
		.hub = hub_new(&s->bridge, &route->conf->hub, &route->use->stats, keep),
		.client = c,
		.handshake = hs,
		.user = c->user,
		.id = c->id,
	};
	int err;

	if (!start.hub) {
		routes_unref(keep);
		*ret_why = "out of memory";
		return -ENOMEM;
	}
	err = backend_open(&start, ret_why);
	if (err < 0)
		hub_free(start.hub);
	else
		*ret_hub = start.hub;
	return err;
}

static enum step open_backend(struct client *c, struct route *route,
			      const struct handshake *hs)
{
	struct hub *hub;
	const char *why;
	int err = attach_shares(route) ? attach_open(c, route, &hub, &why)
				       : open_own(c, route, hs, &hub, &why);

	if (err < 0) {
		backend_refuse(c, err, why);
		return STEP_END;
	}
	c->hub = hub;
	return enter(c, route, hs);
}

/* A limit is reached: as the configuration wants it told, else with STATUS. */
static void refuse_full(struct client *c, const struct route *route,
			const struct handshake *hs, int status, const char *reason)
{
	const struct limits_conf *limits = &c->server->routes->conf->limits;

	/* Those who wait for their 1013 are few, too. */
	if (limits->full == FULL_CLOSE &&
	    c->server->bridge.nrefused < limits->max_handshakes)
		refuse_in_words(c, route, hs);
	else
		answer_error(c, status, reason);
}

/* Is there a limit that keeps C out?  Then it is answered. */
static bool is_full(struct client *c, const struct route *route,
		    const struct handshake *hs)
{
	const char *reason;
	int status = client_no_room(c, &reason);

	if (status == 429)
		answer_error(c, status, reason);
	else if (status)
		refuse_full(c, route, hs, status, reason);
	else
		return false;
	return true;
}

/* The same for the backends of ROUTE. */
static bool is_full_of_programs(struct client *c, const struct route *route,
				const struct handshake *hs)
{
	if (route->use->running < route->conf->exec.max_processes &&
	    !attach_is_full(route))
		return false;
	refuse_full(c, route, hs, route->conf->compat == COMPAT_WEBSOCKETD ? 429 : 503,
		    backend_why_many(route));
	return true;
}

/* What programs have said of the 101, the hook last.  False: one chose what is not
 * offered, and C is answered. */
static bool take_answers(struct client *c, struct handshake *hs)
{
	hs->headers = c->fields;
	return auth_exec_decided(c, hs) && hooks_decided(c, hs);
}

/* What C asks for and there is not, in words for status 400; NULL: nothing. */
static const char *wrong_with(const struct client *c, const struct route *route)
{
	struct terminal_size size;

	if (!backend_terminal(c, route, &size))
		return "rows and cols of a terminal are 1 to 1000";
	return attach_wrong(c, route);
}

static enum step start(struct client *c, struct route *route,
		       const struct handshake *asked)
{
	struct handshake hs = *asked;
	const char *wrong;

	if (!take_answers(c, &hs))
		return STEP_END;
	wrong = wrong_with(c, route);
	if (wrong) {
		answer_error(c, 400, wrong);
		return STEP_END;
	}
	if (!c->hub)
		c->hub = attach_find(c, route);
	if (c->hub && attach_waits(c->hub)) {
		c->hub = NULL;
		answer_error(c, 503, "the program has ended and is to be started again");
		return STEP_END;
	}
	if (c->hub)
		return enter(c, route, &hs);
	if (!backend_why_often(route) ||
	    bucket_take(&route->use->starts, route->conf->exec.spawn_rate,
			c->server->bridge.now))
		return open_backend(c, route, &hs);
	refuse_full(c, route, &hs, 503, backend_why_often(route));
	return STEP_END;
}

/* May C have a backend of ROUTE? */
static enum step permit(struct client *c, const struct route *route,
			const struct handshake *hs)
{
	if (!c->verdict && event_wanted(EVENT_WEBSOCKET_OPEN_REQUEST))
		tell_open_request(c);
	if (!origin_allowed(c, route) || is_full(c, route, hs) ||
	    (!attach_find(c, route) && is_full_of_programs(c, route, hs)))
		return STEP_END;
	return c->verdict ? STEP_NEXT : hooks_ask(c, route);
}

/* C's backend has opened, and others have come meanwhile: is there still room? */
static enum step permit_again(struct client *c, const struct route *route,
			      const struct handshake *hs)
{
	if (!is_full(c, route, hs))
		return STEP_NEXT;
	hub_abandon(c->hub);
	c->hub = NULL;
	return STEP_END;
}

enum step upgrade(struct client *c, struct route *route, const struct handshake *hs)
{
	enum step said = c->hub ? permit_again(c, route, hs) : permit(c, route, hs);

	if (said == STEP_NEXT)
		said = start(c, route, hs);
	if (!c->stream.open && said == STEP_END)
		client_drop(c);
	return said;
}
