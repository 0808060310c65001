/* SPDX-License-Identifier: MIT */
/* The path that `dashboard` in [web] makes, without a section. */
#include <errno.h>
#include <string.h>

#include "asset.h"
#include "caller.h"
#include "conf_auth.h"
#include "conf_dashboard.h"
#include "dashboard.h"

#define MOST 8             /* at the same time, apart from the control socket's own 8 */
#define RATE 100.0         /* requests a second of one; the page has three */
#define QUEUE (256 * 1024) /* bytes each way */
#define MESSAGE (64 * 1024 - 1) /* bytes: what it may say is short */

static void check_sections(struct conf_load *l)
{
	struct conf_origin at = conf_where(l->conf, NULL, "dashboard");

	for (size_t i = 0; i < l->conf->npaths; i++) {
		const struct path_conf *p = l->conf->paths[i];
		const struct asset *a = asset_find(p->path);

		if (!p->prefix && (strcmp(p->path, DASHBOARD_SOCKET) == 0 ||
				   (a && a->pages == ASSET_OF_DASHBOARD)))
			conf_error(&l->report, at,
				   "dashboard: %s is the path of a section, too ([%s])",
				   p->path, p->path);
	}
}

/* Lines of JSON: a message's own newlines can only be blanks. */
static void set_framing(struct path_conf *p)
{
	p->hub.framing.kind = FRAMING_LINE;
	p->hub.framing.type = OP_TEXT;
	p->hub.framing.embedded = EMBEDDED_SPACE;
	p->hub.slow_client = SLOW_PAUSE;
	p->hub.queue = p->session.queue = QUEUE;
	p->hub.framing.max_message = p->session.ws.max_message = MESSAGE;
	p->session.ws.whole = true;
	p->session.message_rate = RATE;
	p->session.eof = false;
}

static void settle(struct conf_load *l, struct path_conf *p)
{
	struct conf *c = l->conf;

	conf_apply_whole(l, CONF_DEFAULTS, NULL, p); /* and nothing of [defaults] */
	p->source = SOURCE_CONTROL;
	p->path = conf_mem_text(c->mem, DASHBOARD_SOCKET, strlen(DASHBOARD_SOCKET));
	if (!p->path ||
	    conf_mem_append(c->mem, &p->subprotocol, DASHBOARD_SUBPROTOCOL) < 0)
		l->status = -ENOMEM;
	p->access.origin_missing = false;
	p->auth_name = c->web_auth;
	p->auth = conf_auth_find(l, c->web_auth, conf_where(c, NULL, "web.auth"));
	p->exec.max_processes = MOST;
	p->exec.spawn_rate = 0;
	set_framing(p);
}

void conf_dashboard_settle(struct conf_load *l)
{
	struct conf *c = l->conf;

	if (c->dashboard == RIGHTS_NONE)
		return;
	check_sections(l);
	c->dashboard_path = conf_mem_alloc(c->mem, sizeof(*c->dashboard_path));
	if (c->dashboard_path)
		settle(l, c->dashboard_path);
	else
		l->status = -ENOMEM;
}
