/* SPDX-License-Identifier: MIT */
/* The dashboard's page, and its WebSocket to the control commands. */
#include <stdio.h>
#include <string.h>

#include "asset.h"
#include "dashboard.h"
#include "source_control.h"

bool dashboard_is_socket(const char *path)
{
	return strcmp(path, DASHBOARD_SOCKET) == 0;
}

/* What it shares with other pages is for everybody. */
static const struct asset *asset_of(const char *path)
{
	const struct asset *a = asset_find(path);

	return a && a->pages == ASSET_OF_DASHBOARD ? a : NULL;
}

struct route *dashboard_route(const struct client *c)
{
	struct route *r = &c->routes->dashboard;

	return r->conf && (dashboard_is_socket(c->path) || asset_of(c->path)) ? r : NULL;
}

static bool is_its_route(const struct client *c)
{
	return c->route == &c->routes->dashboard;
}

/* ---- who may ---- */

static enum step refuse(struct client *c, int status, const char *reason)
{
	answer_error(c, status, reason);
	return STEP_END;
}

bool dashboard_is_for(const struct client *c)
{
	return c->routes->dashboard.conf && !proxied_is_hidden(c) &&
	       cidr_list_has(&c->routes->conf->web_allow, &c->peer);
}

enum step dashboard_check(struct client *c)
{
	const struct conf *conf = c->routes->conf;
	struct span host = http_span(buf_head(&c->head), c->http.host);

	if (!is_its_route(c))
		return STEP_NEXT;
	/* DNS rebinding: whatever the listener, a name is served only when it is known */
	if (!access_host(conf->server_name, true, host))
		return refuse(c, 421,
			      "the dashboard is not served under this name; open it by "
			      "address, or add server_name");
	if (proxied_is_hidden(c))
		return refuse(c, 403,
			      "this came through a proxy that trusted_proxy does not "
			      "list: the dashboard cannot tell whose it is");
	if (!cidr_list_has(&conf->web_allow, &c->peer))
		return refuse(c, 403,
			      "the dashboard is not for your address ([web] allow)");
	return STEP_NEXT;
}

/* ---- what they get ---- */

void dashboard_page(struct client *c)
{
	const struct asset *a = asset_of(c->path);

	if (a)
		answer_asset(c, 200, a);
	else
		answer_error(c, 426,
			     "this is the WebSocket of the page " ASSET_DASHBOARD);
}

int dashboard_open(const struct backend_start *b, const char **ret_why)
{
	const struct client *c = b->client;
	char peer[ADDR_TEXT], who[CALLER_WHO];
	struct control_start start = {
		.server = b->server,
		.rights = c->routes->conf->dashboard,
		.who = who,
		.running = &b->route->use->running,
	};

	snprintf(who, sizeof(who), "#%llu %s%s%s", (unsigned long long)c->id,
		 addr_text(&c->peer, peer), b->user ? " as " : "",
		 b->user ? b->user : "");
	*ret_why = "out of memory";
	return source_control_open(b->hub, &start);
}
