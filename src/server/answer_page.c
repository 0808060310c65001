/* SPDX-License-Identifier: MIT */
/* The pages: what paths there are, and those that talk to them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asset.h"
#include "dashboard.h"
#include "pages.h"
#include "terminal_page.h"

#define HTML "text/html; charset=utf-8"
#define PATHS_JSON "/-/paths.json" /* what the pages ask for */
#define PATH_TEXT 256              /* bytes of a path that a page shows */

/* ---- what paths there are ---- */

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
		.terminal = p->exec.pty.rows > 0,
		.subprotocols = p->subprotocol,
		.session = p->hub.process == PROCESS_SESSION &&
					   p->session_key.from == SESSION_KEY_QUERY
				   ? p->session_key.name
				   : NULL,
		.replay = p->hub.replay.messages || p->hub.replay.bytes,
		.shared = p->hub.process != PROCESS_EACH,
	};
}

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

/* ---- pages that talk to them ---- */

/* Those that are on. */
static unsigned pages_on(const struct client *c)
{
	const struct conf *conf = c->routes->conf;

	return (conf->console ? ASSET_OF_CONSOLE : 0) |
	       (conf->terminal ? ASSET_OF_TERMINAL : 0) |
	       (conf->dashboard != RIGHTS_NONE ? ASSET_OF_DASHBOARD : 0);
}

/* The file of one of them that C asks for, or NULL. */
static const struct asset *asset_of(const struct client *c)
{
	const struct asset *a = asset_find(c->path);

	return a && (a->pages & pages_on(c)) ? a : NULL;
}

bool answer_is_console(const struct client *c)
{
	return asset_of(c) ||
	       ((pages_on(c) & ~ASSET_OF_DASHBOARD) && strcmp(c->path, PATHS_JSON) == 0);
}

/* May C have them?  Its address is in [web] allow, or its path has asked who it is. */
static bool may_talk(const struct client *c)
{
	return c->user || cidr_list_has(&c->routes->conf->web_allow, &c->peer);
}

/* Has a page of another site led the browser here (Fetch Metadata)? */
static bool is_cross_site(const struct client *c)
{
	struct span from;

	return http_find(&c->http, buf_head(&c->head), "Sec-Fetch-Site", &from) &&
	       (span_is(from, SPAN("cross-site")) || span_is(from, SPAN("same-site")));
}

/* Why C gets no page that connects at once, or PAGES_CAN. */
static enum pages_can page_for(const struct client *c, bool on)
{
	if (!on)
		return PAGES_OFF;
	if (!may_talk(c))
		return PAGES_ELSEWHERE;
	return is_cross_site(c) ? PAGES_CROSS_SITE : PAGES_CAN;
}

static bool has_terminal(const struct client *c)
{
	return c->routes->conf->terminal && c->route && c->route->conf->exec.pty.rows > 0;
}

static void answer_terminal(struct client *c, int status)
{
	char nonce[TERMINAL_NONCE], policy[TERMINAL_POLICY];
	struct http_response r = {
		.status = status,
		.content_type = HTML,
		.websocket_version = status == 426,
	};
	char *text = NULL;
	size_t n = 0;

	if (terminal_page_nonce(nonce) == 0)
		text = terminal_page(nonce, &n);
	if (text)
		r.security = terminal_page_policy(nonce, policy);
	answer_text(c, &r, text, n);
}

/* Somebody opens a WebSocket's path in a browser: a page that is already connected to it.
 */
static void answer_upgrade(struct client *c, int status)
{
	struct http_response r = {
		.status = status,
		.content_type = HTML,
		.websocket_version = status == 426,
	};
	bool terminal = has_terminal(c);
	enum pages_can can = page_for(c, terminal || c->routes->conf->console);
	char name[PATH_TEXT];
	struct web_path path;
	size_t n = 0;
	char *text;

	if (can == PAGES_CAN && terminal) {
		answer_terminal(c, status);
	} else if (can == PAGES_CAN) {
		answer_asset(c, status, asset_find(ASSET_CONSOLE));
	} else {
		describe(c->route->conf, name, sizeof(name), &path);
		text = pages_upgrade(&path, can, &n);
		answer_text(c, &r, text, n);
	}
}

static void answer_console(struct client *c)
{
	switch (page_for(c, true)) {
	case PAGES_CROSS_SITE: /* no page is loaded, no program is started for it */
		answer_paths(c, HTML, false);
		break;
	case PAGES_ELSEWHERE:
		answer_error(c, 403, "the console is not for your address ([web] allow)");
		break;
	default:
		answer_asset(c, 200, asset_find(ASSET_CONSOLE));
	}
}

void answer_terminal_page(struct client *c)
{
	if (has_terminal(c))
		answer_upgrade(c, 200);
	else
		answer_error(c, 404, "there is no terminal (pty) at that path");
}

void answer_page(struct client *c, const struct route *route)
{
	const struct asset *a = asset_of(c);

	if (route)
		answer_upgrade(c, 426);
	else if (strcmp(c->path, "/") == 0)
		answer_paths(c, HTML, false);
	else if (a && strcmp(a->path, ASSET_CONSOLE) == 0)
		answer_console(c);
	else if (a)
		answer_asset(c, 200, a);
	else if (answer_is_console(c))
		answer_paths(c, "application/json", true);
	else
		answer_error(c, 404, "no such path");
}
