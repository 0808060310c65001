/* SPDX-License-Identifier: MIT */
/* The pages that talk to the paths. */
#include <stdlib.h>
#include <string.h>

#include "asset.h"
#include "dashboard.h"
#include "pages.h"
#include "terminal_page.h"

#define HTML "text/html; charset=utf-8"
#define PATHS_JSON "/-/paths.json" /* what the pages ask for */

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
		answer_describe(c->route->conf, name, sizeof(name), &path);
		text = pages_upgrade(&path, can, &n);
		answer_text(c, &r, text, n);
	}
}

static enum step answer_console(struct client *c)
{
	switch (page_for(c, true)) {
	case PAGES_CROSS_SITE: /* no page is loaded, no program is started for it */
		return answer_paths(c, false);
	case PAGES_ELSEWHERE:
		answer_error(c, 403, "the console is not for your address ([web] allow)");
		break;
	default:
		answer_asset(c, 200, asset_find(ASSET_CONSOLE));
	}
	return STEP_END;
}

void answer_terminal_page(struct client *c)
{
	if (has_terminal(c))
		answer_upgrade(c, 200);
	else
		answer_error(c, 404, "there is no terminal (pty) at that path");
}

enum step answer_page(struct client *c, const struct route *route)
{
	const struct asset *a = asset_of(c);

	if (route)
		answer_upgrade(c, 426);
	else if (strcmp(c->path, "/") == 0)
		return answer_paths(c, false);
	else if (a && strcmp(a->path, ASSET_CONSOLE) == 0)
		return answer_console(c);
	else if (a)
		answer_asset(c, 200, a);
	else if (answer_is_console(c))
		return answer_paths(c, true);
	else
		answer_error(c, 404, "no such path");
	return STEP_END;
}
