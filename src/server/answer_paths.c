/* SPDX-License-Identifier: MIT */
/* The pages that list the paths. */
#include <stdio.h>
#include <stdlib.h>

#include "dashboard.h"
#include "pages.h"

/* A list that is made. */
struct listing {
	struct pages_list *list;
	const struct client *client; /* whom it is for */
	size_t next;                 /* of the paths */
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

/* P is in the list if it is open to the client's address. */
static void add(struct listing *l, const struct path_conf *p)
{
	char name[PATH_TEXT];
	struct web_path path;

	if (!cidr_allows(&p->access.clients, &l->client->peer))
		return;
	answer_describe(p, name, sizeof(name), &path);
	pages_list_add(l->list, &path);
}

static bool next_path(void *begun)
{
	struct listing *l = begun;
	const struct conf *conf = l->client->routes->conf;

	if (l->next < conf->npaths)
		add(l, conf->paths[l->next++]);
	return l->next < conf->npaths;
}

static int end(void *begun, struct buf *ret)
{
	struct listing *l = begun;
	int r = pages_list_end(l->list, ret);

	free(l);
	return r;
}

static struct listing *listing_new(const struct client *c, bool json)
{
	struct listing *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->client = c;
	l->list = pages_list_begin(json, c->routes->conf->console, dashboard_is_for(c));
	if (l->list)
		return l;
	free(l);
	return NULL;
}

enum step answer_paths(struct client *c, bool json)
{
	static const struct long_answer for_people = {
		.type = "text/html; charset=utf-8",
		.next = next_path,
		.end = end,
	};
	static const struct long_answer for_pages = {
		.type = "application/json",
		.next = next_path,
		.end = end,
	};

	return answer_long(c, json ? &for_pages : &for_people, listing_new(c, json));
}
