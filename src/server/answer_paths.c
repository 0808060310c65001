/* SPDX-License-Identifier: MIT */
/* The pages that list the paths, which of thousands take several turns of the loop. */
#include <stdio.h>
#include <stdlib.h>

#include "dashboard.h"
#include "pages.h"

#define PIECE 64 /* paths before it looks at the clock */

/* A list that is made. */
struct listing {
	struct pages_list *list;
	const char *type;
	size_t next; /* of the paths */
};

void answer_describe(const struct path_conf *p, char *name, size_t cap,
		     struct web_path *ret)
{
	snprintf(name, cap, "%s%s", p->path, p->prefix ? "*" : "");
	*ret = (struct web_path){
		.path = name,
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

/* P is in the list if it is open to C's address. */
static void add(const struct client *c, struct listing *l, const struct path_conf *p)
{
	char name[PATH_TEXT];
	struct web_path path;

	if (!cidr_allows(&p->access.clients, &c->peer))
		return;
	answer_describe(p, name, sizeof(name), &path);
	pages_list_add(l->list, &path);
}

/* False: all are there. */
static bool go_on(const struct client *c, struct listing *l)
{
	const struct conf *conf = c->routes->conf;

	do
		for (unsigned i = 0; i < PIECE && l->next < conf->npaths; i++)
			add(c, l, conf->paths[l->next++]);
	while (l->next < conf->npaths && !turn_is_long(&c->server->bridge.turn));
	return l->next < conf->npaths;
}

/* L goes; what there is of the text is TEXT's. */
static int end(struct listing *l, struct buf *text)
{
	int r = pages_list_end(l->list, text);

	free(l);
	return r;
}

static void finish(struct client *c, struct listing *l)
{
	const char *type = l->type;
	struct buf text;

	if (end(l, &text) == 0)
		answer_buf(c, type, &text);
	else
		client_drop_for_memory(c);
}

static void cancel(struct client *c)
{
	struct buf text;

	turn_forget(&c->server->bridge.turn, &c->turn);
	(void)end(c->waits_for, &text);
	buf_free(&text);
}

static void on_turn(struct late *l)
{
	struct client *c = (struct client *)((char *)l - offsetof(struct client, turn));

	if (go_on(c, c->waits_for)) {
		turn_wait(&c->server->bridge.turn, &c->turn, on_turn);
		return;
	}
	c->cancel = NULL; /* C may be dropped for want of memory */
	finish(c, c->waits_for);
	request_resume(c, STEP_END);
}

static struct listing *listing_new(const struct client *c, bool json)
{
	struct listing *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->type = json ? "application/json" : "text/html; charset=utf-8";
	l->list = pages_list_begin(json, c->routes->conf->console, dashboard_is_for(c));
	if (l->list)
		return l;
	free(l);
	return NULL;
}

enum step answer_paths(struct client *c, bool json)
{
	struct listing *l = listing_new(c, json);

	if (!l) {
		client_drop_for_memory(c);
		return STEP_END;
	}
	if (!go_on(c, l)) {
		finish(c, l);
		return STEP_END;
	}
	c->waits_for = l;
	c->cancel = cancel;
	turn_wait(&c->server->bridge.turn, &c->turn, on_turn);
	return STEP_WAIT;
}
