/* SPDX-License-Identifier: MIT */
/* Sends what comes to a plain listener with `redirect` to the same place by https. */
#include <stdio.h>
#include <stdlib.h>

#include "client_impl.h"
#include "log.h"

#define HTTPS_PORT 443

/* The port that the first listener with TLS really has. */
static unsigned port_of(const struct client *c)
{
	const struct server *s = c->server;

	if (c->redirect != REDIRECT_TLS)
		return (unsigned)c->redirect;
	for (size_t i = 0; i < s->nlisteners; i++) {
		unsigned port = addr_port(listener_addr(s->listeners[i]));

		if (listener_is_tls(s->listeners[i]) && port > 0)
			return port;
	}
	return HTTPS_PORT;
}

/* https:// and what C has asked for, yours; NULL: out of memory. */
static char *location(const struct client *c, struct span host)
{
	const char *data = buf_head(&c->head);
	struct span path = http_span(data, c->http.path);
	struct span query = http_span(data, c->http.query);
	unsigned port = port_of(c);
	char suffix[16] = "", *to;

	if (path.n == 0) /* http://host of a proxy's client */
		path = SPAN("/");
	if (port != HTTPS_PORT)
		snprintf(suffix, sizeof(suffix), ":%u", port);
	if (asprintf(&to, "https://%.*s%s%.*s%s%.*s", (int)host.n, host.p, suffix,
		     (int)path.n, path.p, c->http.has_query ? "?" : "", (int)query.n,
		     query.p) < 0)
		return NULL;
	return to;
}

static void log_redirect(const struct client *c, int status)
{
	char peer[ADDR_TEXT], who[SESSION_WHO];
	const struct log_field fields[] = {
		{ "status", LOG_NUMBER, .value.number = (unsigned)status },
		{ "peer", LOG_WORD, .value.text = addr_text(&c->peer, peer) },
	};

	if (c->routes->conf->log_access && log_is_on(LOG_LEVEL_INFO))
		log_event(
			LOG_LEVEL_INFO, client_who(c, who),
			&(struct log_event){ .name = "redirected",
					     .fields = fields,
					     .nfields = sizeof(fields) / sizeof(*fields),
					     .kind = (unsigned)status });
}

/* A method or an upgrade is kept (308); for GET and HEAD every client knows 301. */
static int status_of(const struct client *c)
{
	return request_is_plain(c) ? 301 : 308;
}

enum step answer_redirect(struct client *c)
{
	struct span host = access_host_name(http_span(buf_head(&c->head), c->http.host));
	struct http_response r = { .content_type = "text/plain; charset=utf-8" };
	char *to;

	if (!c->redirect || c->secure) /* a proxy has made it TLS already */
		return STEP_NEXT;
	if (host.n == 0) {
		answer_error(c, 400, "only https:// here, and no Host says where");
		return STEP_END;
	}
	to = location(c, host);
	if (!to) {
		client_drop_for_memory(c);
		return STEP_END;
	}
	r.status = status_of(c);
	r.location = to;
	if (answer(c, &r, SPAN("Only https:// and wss:// are served here.\n")))
		log_redirect(c, r.status);
	free(to);
	return STEP_END;
}
