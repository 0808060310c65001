/* SPDX-License-Identifier: MIT */
/* The hubs that many clients of a path share: one finds its hub, or makes it. */
#include <errno.h>
#include <openssl/crypto.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach.h"
#include "backend.h"
#include "conf_same.h"
#include "fan.h"
#include "log.h"
#include "session_key.h"

/* A hub that takes clients in, or has done so. */
struct attachment {
	struct fan_owner owner; /* the first member */
	struct server *server;
	struct route *route; /* of the snapshot that its hub keeps */
	struct hub *hub;
	const char *channel; /* its name, in what the hub keeps; NULL: it is a path's */
	bool listed;
	LIST_ENTRY(attachment) link;
	size_t user_n; /* bytes of key that are the user's name, with its NUL; 0: none */
	size_t key_n;
	char key[]; /* of the session: a secret; of all clients of a path: nothing */
};

#define KEY_MOST 256 /* bytes that a client may choose */

bool attach_shares(const struct route *route)
{
	return route->conf->hub.process != PROCESS_EACH;
}

/* ---- keys ---- */

/* What C's request names as its session. */
static struct span named(const struct client *c, const struct route *route)
{
	const struct session_key_conf *k = &route->conf->session_key;
	const char *data = buf_head(&c->head);
	struct span name = { k->name, k->name ? strlen(k->name) : 0 };
	struct span cookies = { NULL, 0 };

	if (k->from == SESSION_KEY_QUERY)
		return session_key_query(http_span(data, c->http.query), name);
	if (k->from == SESSION_KEY_COOKIE) {
		http_find(&c->http, data, "Cookie", &cookies);
		return session_key_cookie(cookies, name);
	}
	return (struct span){ "", 0 };
}

const char *attach_wrong(const struct client *c, const struct route *route)
{
	const struct session_key_conf *k = &route->conf->session_key;
	static char text[200];
	size_t n;

	if (route->conf->hub.process != PROCESS_SESSION)
		return NULL;
	n = named(c, route).n;
	if (k->from == SESSION_KEY_USER)
		return c->user ? NULL : "a session is its user's, and nobody is known";
	if (n > 0 && n <= KEY_MOST)
		return NULL;
	snprintf(text, sizeof(text), "%s %s names the session here: %s",
		 k->from == SESSION_KEY_QUERY ? "the parameter" : "the cookie", k->name,
		 n == 0 ? "it is missing" : "it is longer than 256 bytes");
	return text;
}

/* Is A what C's request names?  In a time that does not tell how much of it is. */
static bool is_named(const struct attachment *a, const char *user, size_t user_n,
		     struct span key)
{
	return a->user_n == user_n && a->key_n == key.n &&
	       CRYPTO_memcmp(a->key, user, user_n) == 0 &&
	       CRYPTO_memcmp(a->key + user_n, key.p, key.n) == 0;
}

/* Bytes of the user's name that are a part of the key, with its NUL. */
static size_t user_size(const struct client *c, const struct route *route)
{
	return route->conf->hub.process == PROCESS_SESSION && c->user
		       ? strlen(c->user) + 1
		       : 0;
}

struct hub *attach_channel(const struct server *s, const char *name)
{
	const struct attachment *a = LIST_FIRST(&s->channels);

	while (a && strcmp(a->channel, name) != 0)
		a = LIST_NEXT(a, link);
	return a ? a->hub : NULL;
}

struct hub *attach_find(const struct client *c, const struct route *route)
{
	struct attachment *a;
	struct span key;
	size_t user_n;

	if (route->conf->channel)
		return attach_channel(c->server, route->conf->channel);
	if (!attach_shares(route) || attach_wrong(c, route))
		return NULL;
	key = named(c, route);
	user_n = user_size(c, route);
	LIST_FOREACH(a, &route->use->attachments, link) {
		if (is_named(a, c->user ? c->user : "", user_n, key))
			return a->hub;
	}
	return NULL;
}

bool attach_is_full(const struct route *route)
{
	return attach_shares(route) &&
	       route->use->attached >= route->conf->exec.max_processes;
}

void attach_take_over(const struct route *route, struct session *s)
{
	if (route->conf->session_replace && s->hub && s->hub->fan)
		fan_close_others(s->hub, s, "session taken over");
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
				       .user = a->user_n ? a->key : NULL,
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
	struct attachment *a = of(o);

	on_retired(o);
	a->route->use->attached--;
	if (a->key_n)
		explicit_bzero(a->key, a->user_n + a->key_n);
	free(a);
}

/* Room for a hub of what C's request names; NULL: out of memory. */
static struct attachment *attachment_new(const struct client *c,
					 const struct route *route)
{
	struct span key = c ? named(c, route) : (struct span){ "", 0 };
	size_t user_n = c ? user_size(c, route) : 0;
	struct attachment *a = calloc(1, sizeof(*a) + user_n + key.n);

	if (!a)
		return NULL;
	a->user_n = user_n;
	a->key_n = key.n;
	if (user_n > 0)
		memcpy(a->key, c->user, user_n);
	if (key.n > 0)
		memcpy(a->key + user_n, key.p, key.n);
	return a;
}

/* A hub of ROUTE, which is of R, for C (or NULL).  NULL: out of memory. */
static struct attachment *make(struct server *s, struct routes *r, struct route *route,
			       const struct client *c)
{
	struct attachment *a = attachment_new(c, route);
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
	a->channel = route->conf->channel;
	route->use->attached++;
	fan_own(a->hub, &a->owner, route->conf->path, backend_noun(route));
	/* Asked for before a reload: nobody else will join. */
	a->listed = a->channel || r == s->routes || stays(a->hub, route, s->routes);
	if (a->listed)
		LIST_INSERT_HEAD(a->channel ? &s->channels : &route->use->attachments, a,
				 link);
	else
		a->hub->fan->state = FAN_RETIRED;
	return a;
}

int attach_open(struct client *c, struct route *route, struct hub **ret_hub,
		const char **ret_why)
{
	struct attachment *a = make(c->server, c->routes, route, c);
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

static bool is_there(const struct server *s, const struct route *route)
{
	return route->conf->channel ? attach_channel(s, route->conf->channel) != NULL
				    : !LIST_EMPTY(&route->use->attachments);
}

/* What cannot be started now is started later, or by the first client. */
static void boot(struct server *s, struct route *route)
{
	struct attachment *a;
	const char *why;

	if (!route->conf->hub.boot || !attach_shares(route) || is_there(s, route))
		return;
	a = make(s, s->routes, route, NULL);
	if (!a)
		log_error("", "%s: out of memory", route->conf->path);
	else if (open_source(a, a->hub, &why) < 0 && !fan_try_again(a->hub))
		hub_free(a->hub);
}

static bool boot_next(struct server *s)
{
	struct route *r = route_at(s->routes, s->booted);

	if (!r)
		return false;
	s->booted++;
	boot(s, r);
	return true;
}

void attach_boot(struct server *s)
{
	s->booted = 0;
	while (boot_next(s))
		;
}

static void on_turn(struct late *l)
{
	struct server *s =
		(struct server *)((char *)l - offsetof(struct server, booting));
	struct turn *turn = &s->bridge.turn;

	do {
		if (s->state != SERVER_RUNNING || !boot_next(s))
			return;
	} while (!turn_is_long(turn));
	turn_wait(turn, l, on_turn);
}

void attach_boot_later(struct server *s)
{
	s->booted = 0; /* those that are there are left alone */
	turn_wait(&s->bridge.turn, &s->booting, on_turn);
}

/* ---- reload ---- */

static void reload_all(const struct route *all, size_t n, const struct routes *new)
{
	for (const struct route *r = all; r < all + n; r++) {
		const struct routes *asked = NULL; /* many hubs keep the same */
		struct attachment *a, *next;
		bool stay = false;

		for (a = LIST_FIRST(&r->use->attachments); a; a = next) {
			next = LIST_NEXT(a, link);
			if (a->hub->keep != asked)
				stay = stays(a->hub, r, new);
			asked = a->hub->keep;
			if (!stay)
				fan_retire(a->hub);
		}
	}
}

void attach_reload(struct server *s, const struct routes *new)
{
	struct attachment *a, *next;

	reload_all(s->routes->exact, s->routes->nexact, new);
	reload_all(s->routes->prefix, s->routes->nprefix, new);
	for (a = LIST_FIRST(&s->channels); a; a = next) {
		next = LIST_NEXT(a, link);
		if (!routes_have_channel(new, a->channel))
			fan_retire(a->hub);
	}
}
