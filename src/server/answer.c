/* SPDX-License-Identifier: MIT */
/* Plain HTTP answers: errors and pages. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "asset.h"
#include "backend.h"
#include "dashboard.h"
#include "log.h"
#include "pages.h"

#define CSP                                                                         \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " \
	"connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

#define TARGET_TEXT 256 /* bytes of a target that a line of the log shows */
#define RETRY_AFTER 5   /* seconds, in 429 and 503 */

void answer_head(struct client *c, struct http_response *r)
{
	char *head = c->server->bridge.scratch.read; /* a Location may be long */
	size_t n;

	r->date = time(NULL);
	n = http_respond(head, TURN_BYTES, r);
	if (n == 0 || buf_append(&c->out, head, n, SIZE_MAX) < 0)
		client_drop(c);
	if (c->state == CLIENT_DEAD)
		return;
	c->state = CLIENT_ANSWERING;
	client_answered(c, r->status);
}

void answer(struct client *c, struct http_response *r, struct span body)
{
	struct span method =
		http_span(c->head.data ? buf_head(&c->head) : "", c->http.method);

	r->content_length = body.n;
	r->security = CSP;
	answer_head(c, r);
	if (c->state != CLIENT_DEAD && !span_is(method, SPAN("HEAD")) &&
	    buf_append(&c->out, body.p, body.n, SIZE_MAX) < 0)
		client_drop(c);
}

void answer_text(struct client *c, struct http_response *r, char *text, size_t n)
{
	if (text)
		answer(c, r, (struct span){ text, n });
	else
		client_drop(c);
	free(text);
}

void answer_plain(struct client *c, int status, struct span text)
{
	struct http_response r = {
		.status = status,
		.content_type = "text/plain; charset=utf-8",
	};

	answer(c, &r, text);
}

/* What the request asks for, as far as it has come; its query may hold a secret.  OUT of
 * CAP bytes, or NULL: nothing yet. */
static const char *target_text(const struct client *c, char *out, size_t cap)
{
	struct span target =
		http_span(c->head.data ? buf_head(&c->head) : "", c->http.target);
	const char *query = target.n > 0 ? memchr(target.p, '?', target.n) : NULL;

	if (target.n == 0)
		return NULL;
	if (query)
		target.n = (size_t)(query - target.p);
	snprintf(out, cap, "%.*s", (int)target.n, target.p);
	return out;
}

void answer_made(struct client *c, const char *type, char *text, size_t n)
{
	struct http_response r = { .status = 200, .content_type = type };

	answer_text(c, &r, text, n);
}

static void log_refusal(const struct client *c, const struct http_refusal *why)
{
	char peer[ADDR_TEXT], from[ADDR_TEXT], who[SESSION_WHO], target[TARGET_TEXT];
	struct log_field fields[6] = {
		{ "status", LOG_NUMBER, .number = (unsigned)why->status },
		{ "peer", LOG_WORD, .text = addr_text(&c->peer, peer) },
		{ "reason", LOG_TEXT, .text = why->reason },
	};
	size_t n = 3;

	if (why->auth)
		fields[n++] = (struct log_field){ "auth", LOG_WORD, .text = why->auth };
	if (c->named)
		fields[n++] = (struct log_field){ "via", LOG_WORD,
						  .text = addr_text(&c->from, from) };
	if (!c->path && target_text(c, target, sizeof(target))) /* else WHO tells it */
		fields[n++] = (struct log_field){ "target", LOG_TEXT, .text = target };
	log_event(LOG_LEVEL_INFO, client_who(c, who),
		  &(struct log_event){ .name = "refused",
				       .fields = fields,
				       .nfields = n,
				       .kind = (unsigned)why->status });
}

static int retry_after(const struct http_refusal *why)
{
	if (why->status != 429 && why->status != 503)
		return 0;
	return why->retry_after ? why->retry_after : RETRY_AFTER;
}

void answer_refusal(struct client *c, const struct http_refusal *why)
{
	struct http_response r = {
		.status = why->status,
		.content_type = "text/plain; charset=utf-8",
		.allow = why->status == 405 ? "GET, HEAD" : NULL,
		.authenticate = why->authenticate,
		.retry_after = retry_after(why),
		.websocket_version = why->status == 426,
	};
	size_t n = 0;
	char *text = pages_error(why->status, why->reason, &n);

	if (log_is_on(LOG_LEVEL_INFO))
		log_refusal(c, why);
	answer_text(c, &r, text, n);
}

void answer_error(struct client *c, int status, const char *reason)
{
	answer_refusal(c, &(struct http_refusal){ .status = status, .reason = reason });
}

void answer_asset(struct client *c, int status, const struct asset *a)
{
	struct http_response r = {
		.status = status,
		.content_type = a->type,
		.content_encoding = "gzip",
		.websocket_version = status == 426,
	};

	answer(c, &r, a->gzip);
}

static void describe(const struct path_conf *p, char *star, size_t cap,
		     struct web_path *ret)
{
	snprintf(star, cap, "%s%s", p->path, p->prefix ? "*" : "");
	*ret = (struct web_path){
		.path = star,
		.exec = backend_name(p),
		.files = p->files,
		.frame = framing_traits(p->hub.framing.kind)->name,
		.type = p->hub.framing.type == OP_TEXT ? "text" : "binary",
		.write = p->session.write,
		.eof = p->session.eof,
	};
}

#define PATH_TEXT 256 /* bytes of a path that a page shows */

/* The page about the paths that are open to the client's address. */
static void answer_paths(struct client *c, const char *type, bool json)
{
	const struct conf *conf = c->routes->conf;
	struct web_path *paths = calloc(conf->npaths + 1, sizeof(*paths));
	char(*names)[PATH_TEXT] = calloc(conf->npaths + 1, PATH_TEXT);
	struct http_response r = { .status = 200, .content_type = type };
	size_t n = 0, shown = 0;
	char *text = NULL;

	for (size_t i = 0; paths && names && i < conf->npaths; i++)
		if (cidr_allows(&conf->paths[i]->access.clients, &c->peer)) {
			describe(conf->paths[i], names[shown], PATH_TEXT, &paths[shown]);
			shown++;
		}
	if (paths && names)
		text = json ? pages_json(paths, shown, &n)
			    : pages_index(paths, shown, conf->console,
					  dashboard_is_for(c), &n);
	free(paths);
	free(names);
	answer_text(c, &r, text, n);
}

/* Has a page of another site led the browser here (Fetch Metadata)? */
static bool is_cross_site(const struct client *c)
{
	struct span from;

	return http_find(&c->http, buf_head(&c->head), "Sec-Fetch-Site", &from) &&
	       (span_is(from, SPAN("cross-site")) || span_is(from, SPAN("same-site")));
}

/* Somebody opens a WebSocket's path in a browser: the console, already connected to it.
 */
static void answer_upgrade(struct client *c, const struct route *route)
{
	struct http_response r = {
		.status = 426,
		.content_type = "text/html; charset=utf-8",
		.websocket_version = true,
	};
	bool console = c->routes->conf->console;
	char name[PATH_TEXT];
	struct web_path path;
	size_t n = 0;
	char *text;

	if (console && !is_cross_site(c)) {
		answer_asset(c, 426, asset_find(ASSET_CONSOLE));
		return;
	}
	describe(route->conf, name, sizeof(name), &path);
	text = pages_upgrade(&path, console, &n);
	answer_text(c, &r, text, n);
}

/* One of the console's files, while it is on; or NULL. */
static const struct asset *console_asset(const struct client *c)
{
	const struct asset *a = asset_find(c->path);

	return c->routes->conf->console && a && a->page == ASSET_OF_CONSOLE ? a : NULL;
}

bool answer_is_console(const struct client *c)
{
	return c->routes->conf->console &&
	       (console_asset(c) || strcmp(c->path, "/-/paths.json") == 0);
}

void answer_page(struct client *c, const struct route *route)
{
	bool console = c->routes->conf->console;
	const struct asset *a;

	if (route) {
		answer_upgrade(c, route);
		return;
	}
	if (strcmp(c->path, "/") == 0 ||
	    (strcmp(c->path, ASSET_CONSOLE) == 0 && console && is_cross_site(c))) {
		answer_paths(c, "text/html; charset=utf-8", false);
		return;
	}
	a = console_asset(c);
	if (a)
		answer_asset(c, 200, a);
	else if (console && strcmp(c->path, "/-/paths.json") == 0)
		answer_paths(c, "application/json", true);
	else
		answer_error(c, 404, "no such path");
}
