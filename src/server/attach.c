/* SPDX-License-Identifier: MIT */
/* The hubs that many clients of a path share: one finds its hub, or makes it. */
#include <errno.h>
#include <stdlib.h>

#include "attach.h"
#include "backend.h"
#include "conf_same.h"
#include "fan.h"

/* A hub that takes clients in, or has done so. */
struct attachment {
	struct fan_owner owner; /* the first member */
	struct hub *hub;
	bool listed;
	LIST_ENTRY(attachment) link;
};

bool attach_shares(const struct route *route)
{
	return route->conf->hub.process != PROCESS_EACH;
}

struct hub *attach_find(const struct client *c, const struct route *route)
{
	const struct attachment *a = LIST_FIRST(&route->use->attachments);

	(void)c;
	return attach_shares(route) && a ? a->hub : NULL;
}

/* ---- making ---- */

/* Is what is behind the hub H of ROUTE the same in NEW? */
static bool stays(const struct hub *h, const struct route *route,
		  const struct routes *new)
{
	const struct routes *own = h->keep;
	const struct route *now = route_same(new, route);

	return now && conf_same_backend(own->conf, route_same(own, route)->conf,
					new->conf, now->conf);
}

static struct attachment *of(struct fan_owner *o)
{
	return (struct attachment *)o;
}

static void on_retired(struct fan_owner *o)
{
	struct attachment *a = of(o);

	if (a->listed)
		LIST_REMOVE(a, link);
	a->listed = false;
}

static void on_gone(struct fan_owner *o)
{
	on_retired(o);
	free(of(o));
}

static struct hub *forget(struct attachment *a)
{
	struct hub *hub = a->hub;

	free(a);
	return hub;
}

/* A hub of ROUTE, which is of R. */
static struct hub *make(struct server *s, struct routes *r, struct route *route,
			uint64_t id)
{
	struct attachment *a = calloc(1, sizeof(*a));
	struct routes *keep = routes_ref(r);

	if (a)
		a->hub = hub_new(&s->bridge, &route->conf->hub, &route->use->stats, keep);
	if (!a || !a->hub) {
		routes_unref(keep);
		free(a);
		return NULL;
	}
	if (r != s->routes && !stays(a->hub, route, s->routes))
		return forget(a); /* asked for before a reload: nobody else will join */
	a->owner = (struct fan_owner){ on_retired, on_gone };
	fan_own(a->hub, &a->owner, id, route->conf->path);
	LIST_INSERT_HEAD(&route->use->attachments, a, link);
	a->listed = true;
	return a->hub;
}

int attach_open(struct client *c, struct route *route, struct hub **ret_hub,
		const char **ret_why)
{
	struct server *s = c->server;
	struct backend_start start = { .server = s, .route = route, .id = ++s->last_id };
	int err;

	*ret_why = "out of memory";
	start.hub = make(s, c->routes, route, start.id);
	if (!start.hub)
		return -ENOMEM;
	err = backend_open(&start, ret_why);
	if (err < 0)
		hub_free(start.hub);
	else
		*ret_hub = start.hub;
	return err;
}

/* ---- reload ---- */

static void reload_all(const struct route *all, size_t n, const struct routes *new)
{
	for (const struct route *r = all; r < all + n; r++) {
		struct attachment *a, *next;

		for (a = LIST_FIRST(&r->use->attachments); a; a = next) {
			next = LIST_NEXT(a, link);
			if (!stays(a->hub, r, new))
				fan_retire(a->hub);
		}
	}
}

void attach_reload(const struct routes *old, const struct routes *new)
{
	reload_all(old->exact, old->nexact, new);
	reload_all(old->prefix, old->nprefix, new);
}
