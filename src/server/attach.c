/* SPDX-License-Identifier: MIT */
/* The hubs that many clients of a path share: one finds its hub, or makes it. */
#include <errno.h>
#include <stdlib.h>

#include "attach.h"
#include "backend.h"
#include "conf_same.h"
#include "fan.h"
#include "log.h"

/* A hub that takes clients in, or has done so. */
struct attachment {
	struct fan_owner owner; /* the first member */
	struct server *server;
	struct route *route; /* of the snapshot that its hub keeps */
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

bool attach_waits(const struct hub *h)
{
	return h->fan && (h->fan->state == FAN_ENDED || h->fan->state == FAN_WAITING);
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

/* Give H its source. */
static int open_source(const struct attachment *a, struct hub *h, const char **ret_why)
{
	struct backend_start start = { .server = a->server,
				       .route = a->route,
				       .hub = h,
				       .id = ++a->server->last_id };

	fan_set_id(h->fan, start.id);
	return backend_open(&start, ret_why);
}

static int on_open(struct fan_owner *o, struct hub *h)
{
	const char *why;

	return open_source(of(o), h, &why);
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

/* A hub of ROUTE, which is of R.  NULL: out of memory. */
static struct attachment *make(struct server *s, struct routes *r, struct route *route)
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
	a->owner = (struct fan_owner){ on_open, on_retired, on_gone };
	a->server = s;
	a->route = route;
	fan_own(a->hub, &a->owner, route->conf->path);
	/* Asked for before a reload: nobody else will join. */
	a->listed = r == s->routes || stays(a->hub, route, s->routes);
	if (a->listed)
		LIST_INSERT_HEAD(&route->use->attachments, a, link);
	else
		a->hub->fan->state = FAN_RETIRED;
	return a;
}

int attach_open(struct client *c, struct route *route, struct hub **ret_hub,
		const char **ret_why)
{
	struct attachment *a = make(c->server, c->routes, route);
	struct hub *hub;
	int err;

	*ret_why = "out of memory";
	if (!a)
		return -ENOMEM;
	hub = a->hub;
	err = open_source(a, hub, ret_why);
	if (err < 0)
		hub_free(hub);
	else
		*ret_hub = hub;
	return err;
}

/* ---- at boot ---- */

/* What cannot be started now is started later, or by the first client. */
static void boot(struct server *s, struct route *route)
{
	struct attachment *a;
	const char *why;

	if (!route->conf->hub.boot || !attach_shares(route) ||
	    !LIST_EMPTY(&route->use->attachments))
		return;
	a = make(s, s->routes, route);
	if (!a)
		log_error("", "%s: out of memory", route->conf->path);
	else if (open_source(a, a->hub, &why) < 0 && !fan_try_again(a->hub))
		hub_free(a->hub);
}

void attach_boot(struct server *s)
{
	for (size_t i = 0; i < s->routes->nexact; i++)
		boot(s, &s->routes->exact[i]);
	for (size_t i = 0; i < s->routes->nprefix; i++)
		boot(s, &s->routes->prefix[i]);
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
