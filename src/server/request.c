/* SPDX-License-Identifier: MIT */
/* The steps that a request passes, from its complete head to its answer. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client_impl.h"
#include "conf_tls.h"
#include "dashboard.h"
#include "terminal_page.h"

/* Does HOST have other settings of TLS, as whose certificates are good, than this
 * connection was made with (RFC 9110 7.4)? */
static bool is_misdirected(const struct client *c, struct span host)
{
	const struct conf *conf = c->routes->conf;
	char name[256];

	if (!c->tls || !c->tls_by_name || conf->ntls_names == 0 || host.n >= sizeof(name))
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)host.n, host.p);
	return conf_tls_of_host(conf, name) !=
	       conf_tls_of_host(conf, c->seen->server_name);
}

/* A page of evil.example that resolves to 127.0.0.1 has us as its own origin (DNS
 * rebinding): what gives it away is the Host that it asks for. */
static enum step check_host(struct client *c)
{
	struct span host = http_span(buf_head(&c->head), c->http.host);
	char reason[512];

	if (is_misdirected(c, access_host_name(host))) {
		snprintf(reason, sizeof(reason),
			 "this connection is not for Host %.*s: TLS began for %s",
			 (int)host.n, host.p,
			 *c->seen->server_name ? c->seen->server_name : "no name");
		answer_error(c, 421, reason);
		return STEP_END;
	}
	if (access_host(c->routes->conf->server_name, c->on_loopback, host))
		return STEP_NEXT;
	snprintf(reason, sizeof(reason),
		 "Host %.*s is not served here; add server_name = %.*s", (int)host.n,
		 host.p, (int)access_host_name(host).n, host.p);
	answer_error(c, 421, reason);
	return STEP_END;
}

/* Set client.path.  0, or the status that C gets instead. */
static int decode_path(struct client *c)
{
	struct span path = http_span(buf_head(&c->head), c->http.path);
	size_t cap = path.n + sizeof("/") < PATH_MAX ? path.n + sizeof("/") : PATH_MAX;
	char *out = malloc(cap);

	if (!out)
		return 503;
	if (http_decode_path(path, out, cap) < 0) {
		free(out);
		return 404;
	}
	c->path = out;
	return 0;
}

/* The page of a terminal is judged as the terminal's own path.  A prefix path does not
 * hide it. */
static void find_own_route(struct client *c)
{
	size_t n = strlen(TERMINAL_PAGE);

	c->route = route_find(c->routes, c->path);
	if (!c->routes->conf->terminal || strncmp(c->path, TERMINAL_PAGE, n) != 0 ||
	    (c->route && !c->route->conf->prefix))
		return;
	c->terminal = true;
	c->route = route_find(c->routes, c->path + n - 1);
}

static enum step find_route(struct client *c)
{
	int status = decode_path(c);

	if (status) {
		answer_error(c, status, status == 404 ? "no such path" : "out of memory");
		return STEP_END;
	}
	c->route = dashboard_route(c);
	if (!c->route)
		find_own_route(c);
	return STEP_NEXT;
}

static enum step check_address(struct client *c)
{
	char reason[512];

	if (!c->route || cidr_allows(&c->route->conf->access.clients, &c->peer))
		return STEP_NEXT;
	snprintf(reason, sizeof(reason), "%s is not open to your address (allow, deny)",
		 c->route->conf->path);
	answer_error(c, 403, reason);
	return STEP_END;
}

/* Is /x asked for where [/x/STAR] has files? */
static bool is_directory_of_files(const struct client *c)
{
	char path[PATH_MAX + sizeof("/")];
	const struct route *route;

	snprintf(path, sizeof(path), "%s/", c->path);
	route = route_find(c->routes, path);
	return route && route->conf->files && route->conf->prefix &&
	       strlen(route->conf->path) == strlen(c->path) + 1;
}

static enum step serve_upgrade(struct client *c, const struct handshake *hs)
{
	char reason[512];

	if (!c->route || c->terminal) {
		answer_error(c, 404, "no such path");
	} else if (c->route->conf->source == SOURCE_CONTROL &&
		   !dashboard_is_socket(c->path)) {
		answer_error(c, 400, "this is a page and no WebSocket");
	} else if (c->route->conf->files) {
		snprintf(reason, sizeof(reason), "%s has files and is no WebSocket",
			 c->route->conf->path);
		answer_error(c, 400, reason);
	} else {
		return upgrade(c, c->route, hs);
	}
	return STEP_END;
}

static bool is_get_or_head(const struct client *c)
{
	struct span method = http_span(buf_head(&c->head), c->http.method);

	return span_is(method, SPAN("GET")) || span_is(method, SPAN("HEAD"));
}

bool request_is_plain(const struct client *c)
{
	return is_get_or_head(c) &&
	       http_count(&c->http, buf_head(&c->head), "Upgrade") == 0;
}

static enum step serve_page(struct client *c)
{
	if (c->route && c->route->conf->prefix && answer_is_console(c))
		c->route = NULL;
	if (!is_get_or_head(c))
		answer_error(c, 405, "only GET and HEAD");
	else if (c->terminal)
		answer_terminal_page(c);
	else if (c->route && c->route->conf->source == SOURCE_CONTROL)
		dashboard_page(c);
	else if (c->route && c->route->conf->files)
		answer_file(c, c->route);
	else if (!c->route && is_directory_of_files(c))
		answer_slash(c);
	else
		return answer_page(c, c->route);
	return STEP_END;
}

/* Those that may be chosen, in this order; NULL: none. */
static const char *const *subprotocols_of(const struct client *c)
{
	return c->route ? (const char *const *)c->route->conf->subprotocol : NULL;
}

static enum step serve(struct client *c)
{
	struct handshake hs;
	const char *reason;
	int status;

	switch (handshake_check(&c->http, buf_head(&c->head), subprotocols_of(c), &hs,
				&status, &reason)) {
	case HANDSHAKE_NONE:
		return serve_page(c);
	case HANDSHAKE_BAD:
		answer_error(c, status, reason);
		break;
	case HANDSHAKE_OK:
		return serve_upgrade(c, &hs);
	}
	return STEP_END;
}

/* In this order.  A step that waits for somebody's answer is gone on from by
 * request_resume(). */
static enum step (*const steps[])(struct client *c) = {
	answer_health, proxied_read_fields, check_host,    find_route, answer_redirect,
	answer_scrape, dashboard_check,     check_address, auth_check, serve,
};
#define STEPS (sizeof(steps) / sizeof(*steps))

static void run(struct client *c)
{
	enum step said = STEP_NEXT;

	while (said == STEP_NEXT && c->step < STEPS)
		said = steps[c->step++](c);
	if (said == STEP_AGAIN)
		c->step--;
	if (said == STEP_WAIT || said == STEP_AGAIN)
		c->state = CLIENT_WAITING;
}

void request_begin(struct client *c)
{
	c->routes = routes_ref(c->server->routes);
	c->step = 0;
	run(c);
}

void request_resume(struct client *c, enum step said)
{
	c->cancel = NULL;
	if (said == STEP_NEXT) {
		c->state = CLIENT_READING;
		run(c);
	}
	if (c->state != CLIENT_DEAD)
		client_proceed(c);
}
