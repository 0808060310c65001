/* SPDX-License-Identifier: MIT */
/* What the sessions, hubs and sources of one loop share, and the one place where they are
 * freed. */
#include "bridge.h"
#include "fan.h"
#include "hub.h"
#include "session.h"
#include "sys.h"

static void free_more(struct late *l);

/* Free who is dead, as long as there is time; at the end of a turn some in any case. */
static void free_dead(struct bridge *b)
{
	struct session *s;
	struct hub *h;

	b->turn.pieces = 0;
	while ((s = LIST_FIRST(&b->dead_sessions)) && turn_has_time(&b->turn))
		session_free(s);
	while ((h = LIST_FIRST(&b->dead_hubs)) && turn_has_time(&b->turn))
		hub_reap(h);
	if (s || h)
		turn_wait(&b->turn, &b->freeing, free_more);
}

static void free_more(struct late *l)
{
	(void)l; /* the loop does not sleep: on_prepare() goes on */
}

static void on_prepare(EV_P_ ev_prepare *w, int revents)
{
	(void)loop;
	(void)revents;
	free_dead(w->data);
}

static void on_check(EV_P_ ev_check *w, int revents)
{
	struct bridge *b = w->data;

	(void)loop;
	(void)revents;
	b->now = sys_now();
	turn_begin(&b->turn, b->now);
}

int bridge_init(struct bridge *b, struct ev_loop *loop, long nofile,
		const struct bridge_owner *owner)
{
	int r;

	b->loop = loop;
	b->owner = *owner;
	b->nsessions = b->nrefused = 0;
	LIST_INIT(&b->sessions);
	LIST_INIT(&b->dead_sessions);
	LIST_INIT(&b->hubs);
	LIST_INIT(&b->dead_hubs);
	LIST_INIT(&b->walks);
	gather_reset(&b->scratch.gather);
	turn_init(&b->turn, loop);
	r = children_init(&b->children, &b->turn, nofile);
	path_watches_init(&b->paths, &b->turn);
	heap_init(&b->heap, loop);
	ev_prepare_init(&b->reaper, on_prepare);
	ev_check_init(&b->clock, on_check);
	ev_set_priority(&b->clock, EV_MAXPRI); /* before everything else of the turn */
	b->reaper.data = b->clock.data = b;
	b->now = sys_now();
	ev_prepare_start(loop, &b->reaper);
	ev_check_start(loop, &b->clock);
	return r;
}

struct session *bridge_find(const struct bridge *b, uint64_t id)
{
	struct session *s;

	s = LIST_FIRST(&b->sessions);
	while (s && s->id != id)
		s = LIST_NEXT(s, link);
	return s;
}

void bridge_walk_begin(struct bridge *b, struct session_walk *w)
{
	w->next = LIST_FIRST(&b->sessions);
	LIST_INSERT_HEAD(&b->walks, w, link);
}

struct session *bridge_walk_next(struct session_walk *w)
{
	struct session *s = w->next;

	if (s)
		w->next = LIST_NEXT(s, link);
	return s;
}

void bridge_walk_end(struct session_walk *w)
{
	LIST_REMOVE(w, link);
}

void bridge_walks_skip(struct bridge *b, const struct session *s)
{
	struct session_walk *w;

	for (w = LIST_FIRST(&b->walks); w; w = LIST_NEXT(w, link))
		if (w->next == s)
			w->next = LIST_NEXT(s, link);
}

void bridge_shutdown(struct bridge *b, unsigned code, const char *reason)
{
	struct session *s, *next;
	struct hub *h, *after;

	for (s = LIST_FIRST(&b->sessions); s; s = next) {
		next = LIST_NEXT(s, link);
		session_close(s, code, reason, CLOSED_BY_SERVER);
		session_proceed(s);
	}
	for (h = LIST_FIRST(&b->hubs); h; h = after) {
		after = LIST_NEXT(h, link);
		if (h->fan)
			fan_retire(h);
	}
	LIST_FOREACH(h, &b->dead_hubs, link) {
		if (h->fan) /* its source is not to come again */
			fan_close(h);
	}
}

void bridge_kill(struct bridge *b)
{
	struct session *s;
	struct hub *h, *next;

	while ((s = LIST_FIRST(&b->sessions)))
		session_abort(s, "shutdown");
	for (h = LIST_FIRST(&b->hubs); h; h = next) {
		next = LIST_NEXT(h, link);
		h->source->ops->kill(h->source);
	}
}

bool bridge_is_empty(const struct bridge *b)
{
	return b->nsessions == 0 && LIST_EMPTY(&b->hubs) && LIST_EMPTY(&b->dead_hubs);
}

void bridge_stop(struct bridge *b)
{
	ev_prepare_stop(b->loop, &b->reaper);
	ev_check_stop(b->loop, &b->clock);
	heap_stop(&b->heap);
	turn_stop(&b->turn);
	children_stop(&b->children);
	path_watches_end(&b->paths);
}
