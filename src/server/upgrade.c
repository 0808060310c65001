/* SPDX-License-Identifier: MIT */
/* A legal upgrade: access checks, the backend's start, the 101, a session. */
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "client_impl.h"
#include "event.h"
#include "hooks.h"
#include "log.h"

#define ANSWER_MAX \
	(1024 + 2 * HOOK_ANSWER_MOST) /* bytes of the 101, with what a hook adds */

static void sha1(const void *p, size_t n, unsigned char *out)
{
	static EVP_MD *md; /* looked up once: that costs more than the hash */

	if (!md)
		md = EVP_MD_fetch(NULL, "SHA1", NULL);
	EVP_Digest(p, n, out, NULL, md, NULL);
}

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
		(union event_value[]){
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
	size_t n = handshake_answer(hs, sha1, answer, sizeof(answer));
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
		.asked = asked,
		.greeting = { answer, n },
		.subprotocol = hs->subprotocol,
	};
	struct session *session;

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

static bool start_program(struct client *c, struct route *route,
			  const struct handshake *hs, struct hub *hub)
{
	struct server *s = c->server;
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
	char who[SESSION_WHO];
	struct exec_start start = {
		.conf = &route->conf->exec,
		.envp = s->cgi.vars,
		.who = session_who(c->id, route->conf->path, who),
		.id = c->id,
		.running = &route->use->running,
		.stats = &route->use->stats,
	};
	const char *what;
	int err;

	if (!cgi_build(&s->cgi, &r)) {
		answer_error(c, 431, "the program's environment would be too large");
		return false;
	}
	err = source_exec_open(hub, &start, &what);
	if (err == 0) {
		route->use->stats.spawns++;
		return true;
	}
	route->use->stats.spawn_failures++;
	log_error(who, "cannot start the program: %s: %s", what, strerror(-err));
	if (err == -EMFILE || err == -ENFILE || err == -EAGAIN || err == -ENOMEM)
		answer_error(c, 503, "no room to start the program");
	else
		answer_error(c, 502, "the program cannot be started");
	return false;
}

static void bridge_to_program(struct client *c, struct route *route,
			      const struct handshake *hs)
{
	struct server *s = c->server;
	struct routes *keep = routes_ref(c->routes);
	struct hub *hub = hub_new(&s->bridge, &route->conf->hub, keep);
	struct session *session;

	if (!hub) {
		routes_unref(keep);
		answer_error(c, 503, "out of memory");
		return;
	}
	if (!start_program(c, route, hs, hub)) {
		hub_free(hub);
		return;
	}
	session = open_session(c, route, hs, hub);
	if (!session) {
		hub_leave(hub, false);
		answer_error(c, 503, "out of memory");
		return;
	}
	hooks_opened(s, session);
	session_input(session, buf_head(&c->head) + c->http.size,
		      buf_len(&c->head) - c->http.size);
	session_proceed(session);
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
	else if (route->use->running >= route->conf->exec.max_processes)
		refuse_full(c, route, hs,
			    route->conf->compat == COMPAT_WEBSOCKETD ? 429 : 503,
			    "too many programs of this path (max_processes)");
	else
		return false;
	return true;
}

/* What the hook has said of the 101.  False: it chose what is not offered, and C is
 * answered. */
static bool take_verdict(struct client *c, struct handshake *hs)
{
	const struct verdict *v = c->verdict;
	char who[SESSION_WHO];

	if (!v)
		return true;
	hs->headers = v->headers;
	if (!v->answer.subprotocol)
		return true;
	hs->subprotocol =
		handshake_offered(&c->http, buf_head(&c->head), v->answer.subprotocol);
	if (hs->subprotocol.n > 0)
		return true;
	log_error(client_who(c, who),
		  "on_request: the client does not offer the "
		  "subprotocol %s",
		  v->answer.subprotocol);
	answer_error(c, 502, "the on_request hook has failed");
	return false;
}

static void start(struct client *c, struct route *route, const struct handshake *asked)
{
	struct handshake hs = *asked;

	if (!take_verdict(c, &hs))
		return;
	if (!bucket_take(&route->use->starts, route->conf->exec.spawn_rate,
			 c->server->bridge.now))
		refuse_full(c, route, &hs, 503,
			    "too many starts of this path's program (spawn_rate)");
	else
		bridge_to_program(c, route, &hs);
}

enum step upgrade(struct client *c, struct route *route, const struct handshake *hs)
{
	enum step said = STEP_NEXT;

	if (!c->verdict && event_wanted(EVENT_WEBSOCKET_OPEN_REQUEST))
		tell_open_request(c);
	if (!origin_allowed(c, route))
		return STEP_END;
	if (is_full(c, route, hs))
		said = STEP_END;
	else if (!c->verdict)
		said = hooks_ask(c, route);
	if (said == STEP_NEXT)
		start(c, route, hs);
	if (said == STEP_AGAIN)
		return said;
	if (!c->stream.open)
		client_drop(c);
	return STEP_END;
}
