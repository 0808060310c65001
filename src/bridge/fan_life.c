/* SPDX-License-Identifier: MIT */
/* A hub of many from its first client to its last: who comes and goes, and how long it
 * stays without any. */
#include <assert.h>
#include <stdlib.h>

#include "fan_impl.h"
#include "hub_impl.h"
#include "log.h"
#include "session.h"

static void on_linger(EV_P_ ev_timer *w, int revents)
{
	struct hub *h = w->data;

	(void)loop;
	(void)revents;
	log_info(hub_name(h), "the %s is stopped: no client for %g s", h->fan->noun,
		 h->conf->linger);
	fan_retire(h);
}

struct fan *fan_new(struct hub *h)
{
	struct fan *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	LIST_INIT(&f->subscribers);
	ev_timer_init(&f->linger, on_linger, h->conf->linger, 0);
	f->linger.data = h;
	fan_restart_init(h, f);
	return f;
}

void fan_free(struct fan *f)
{
	if (!f)
		return;
	assert(f->n == 0 && !ev_is_active(&f->linger) && !ev_is_active(&f->again));
	buf_free(&f->message);
	replay_free(&f->replay);
	if (f->owner)
		f->owner->gone(f->owner);
	free(f);
}

void fan_own(struct hub *h, struct fan_owner *owner, const char *path, const char *noun)
{
	h->fan->owner = owner;
	h->fan->path = path;
	h->fan->noun = noun;
}

void fan_close(struct hub *h)
{
	struct fan *f = h->fan;

	if (f->state == FAN_RETIRED)
		return;
	f->state = FAN_RETIRED;
	ev_timer_stop(h->bridge->loop, &f->linger);
	ev_timer_stop(h->bridge->loop, &f->again);
	if (f->owner)
		f->owner->retired(f->owner);
}

/* ---- clients ---- */

void fan_expect(struct hub *h)
{
	ev_timer_stop(h->bridge->loop, &h->fan->linger);
}

void fan_subscribe(struct hub *h, struct session *s)
{
	struct fan *f = h->fan;

	fan_expect(h);
	LIST_INSERT_HEAD(&f->subscribers, s, subscription);
	f->n++;
}

void fan_leave(struct hub *h, struct session *s, bool flush)
{
	struct fan *f = h->fan;

	LIST_REMOVE(s, subscription);
	f->n--;
	f->full -= s->output_full;
	f->unwritten -= s->unwritten;
	s->unwritten = false;
	if (f->n > 0)
		hub_proceed(h);
	else
		fan_check_idle(h, flush);
}

void fan_close_others(struct hub *h, const struct session *s, const char *reason)
{
	struct session *other, *next;

	for (other = LIST_FIRST(&h->fan->subscribers); other; other = next) {
		next = LIST_NEXT(other, subscription);
		if (other == s)
			continue;
		session_close(other, CLOSE_POLICY, reason, CLOSED_BY_SERVER);
		session_proceed(other);
	}
}

void fan_check_idle(struct hub *h, bool flush)
{
	struct fan *f = h->fan;

	if (f->n > 0 || !LIST_EMPTY(&h->waiters))
		return;
	if (h->conf->boot && f->owner && f->state != FAN_RETIRED) {
		hub_proceed(h);
		return;
	}
	if (f->owner && f->state == FAN_LIVE && h->conf->linger > 0) {
		ev_timer_set(&f->linger, h->conf->linger, 0);
		ev_timer_start(h->bridge->loop, &f->linger);
		hub_proceed(h);
		return;
	}
	fan_close(h);
	h->source->ops->stop(h->source, flush);
}

/* ---- its end ---- */

void fan_retire(struct hub *h)
{
	const struct ending ended = { .code = CLOSE_SERVER_ERROR,
				      .reason = "the program has ended" };

	if (h->fan->state == FAN_ENDED || h->fan->state == FAN_WAITING) {
		fan_end(h, &ended); /* it would not come again */
		return;
	}
	fan_close(h);
	if (h->fan->n == 0 && LIST_EMPTY(&h->waiters))
		h->source->ops->stop(h->source, true);
}
