/* SPDX-License-Identifier: MIT */
/* The source of a hub of many ends, and may come again under its clients. */
#include "fan_impl.h"
#include "hub_impl.h"
#include "hub_json.h"
#include "log.h"
#include "session.h"

#define LIVED_LONG 10.0 /* seconds, after which the delay is what is configured */
#define DELAY_MOST 30.0 /* seconds, unless more is configured */

/* ---- while there is no source ---- */

static void write_nothing(struct source *s, const struct gather *g)
{
	(void)s;
	(void)g;
}

static void do_nothing(struct source *s)
{
	(void)s;
}

static size_t keep_nothing(const struct source *s)
{
	(void)s;
	return 0;
}

static long have_no_pid(const struct source *s)
{
	(void)s;
	return 0;
}

static void kill_nothing(struct source *s)
{
	struct hub *h = s->hub;

	if (h->fan->state != FAN_WAITING && h->fan->state != FAN_RETIRED)
		return;
	fan_close(h);
	s->hub = NULL; /* once */
	hub_source_gone(h);
}

static void stop_nothing(struct source *s, bool flush)
{
	(void)flush;
	if (s->hub)
		kill_nothing(s);
}

static const struct source_ops nothing_ops = {
	.name = "nothing",
	.write = write_nothing,
	.finish = do_nothing,
	.kept = keep_nothing,
	.pid = have_no_pid,
	.proceed = do_nothing,
	.stop = stop_nothing,
	.kill = kill_nothing,
	.free = do_nothing,
};

/* ---- again ---- */

static bool is_wanted_again(const struct hub *h, bool failed)
{
	const struct fan *f = h->fan;

	if (!f->owner || f->state == FAN_RETIRED || (f->n == 0 && !h->conf->boot))
		return false;
	return h->conf->restart == RESTART_ALWAYS ||
	       (h->conf->restart == RESTART_ON_FAILURE && failed);
}

/* The delay from now to the next start; the one after that is longer. */
static double next_delay(struct hub *h)
{
	struct fan *f = h->fan;
	double usual = h->conf->restart_delay, now;

	if (f->delay == 0 || (f->since > 0 && h->bridge->now - f->since >= LIVED_LONG))
		f->delay = usual;
	f->since = 0;
	now = f->delay;
	f->delay = 2 * now < DELAY_MOST ? 2 * now : DELAY_MOST;
	if (f->delay < usual)
		f->delay = usual;
	return now;
}

/* What comes from the next source is not what this one has begun. */
static int begin_anew(struct hub *h)
{
	struct fan *f = h->fan;

	buf_free(&f->message);
	f->amid = f->too_long = false;
	return hub_reset(h);
}

static void on_again(EV_P_ ev_timer *w, int revents)
{
	struct hub *h = w->data;
	struct fan *f = h->fan;
	int r = begin_anew(h);

	(void)loop;
	(void)revents;
	f->state = FAN_LIVE;
	if (r < 0)
		log_error(hub_name(h), "out of memory");
	else
		r = f->owner->open(f->owner, h);
	if (r < 0 && !fan_try_again(h))
		fan_retire(h);
	else if (r == 0 && !h->opening)
		fan_opened(h, 0, NULL);
	hub_proceed(h);
}

static void have_nothing(struct hub *h)
{
	h->fan->nothing.hub = h;
	h->source = &h->fan->nothing;
	h->input_ended = true; /* what clients say is discarded */
}

/* Who counts its programs is not to count this one: there is none. */
void fan_have_nothing(struct hub *h)
{
	struct fan *f = h->fan;

	have_nothing(h);
	if (f->owner)
		f->owner->gone(f->owner);
	f->owner = NULL;
	fan_input_changed(h); /* what it has not taken has gone with it */
}

void fan_wait(struct hub *h)
{
	struct fan *f = h->fan;
	double delay = next_delay(h);

	f->state = FAN_WAITING;
	have_nothing(h);
	log_info(hub_name(h), "the %s starts again in %g s", f->noun, delay);
	ev_timer_set(&f->again, delay, 0);
	ev_timer_start(h->bridge->loop, &f->again);
}

bool fan_try_again(struct hub *h)
{
	bool again = is_wanted_again(h, true);

	if (again)
		fan_wait(h);
	return again;
}

/* It did not come, and no other will: WHY is what those hear who have waited for it. */
static void end_unopened(struct hub *h, const char *why)
{
	struct ending e = { .code = CLOSE_SERVER_ERROR };

	snprintf(e.reason, sizeof(e.reason), "%s", why);
	fan_end(h, &e);
}

void fan_opened(struct hub *h, int error, const char *why)
{
	struct fan *f = h->fan;
	bool again = f->delay > 0;

	if (error == 0) {
		h->input_ended = false;
		f->since = h->bridge->now;
		if (again)
			log_info(hub_name(h), "the %s has started again", f->noun);
		if (h->json)
			hub_json_again(h);
	} else if (is_wanted_again(h, true)) {
		f->state = FAN_ENDED;
	} else {
		end_unopened(h, why);
	}
}

bool fan_comes_again(const struct hub *h)
{
	return h->fan->state == FAN_ENDED;
}

void fan_restart_init(struct hub *h, struct fan *f)
{
	f->nothing = (struct source){ &nothing_ops, NULL };
	f->since = h->bridge->now;
	ev_timer_init(&f->again, on_again, 0, 0);
	f->again.data = h;
}

/* ---- its end ---- */

/* Clients may stay; what they say is discarded. */
static void stop_source(struct hub *h, bool flush)
{
	h->input_ended = true;
	h->source->ops->stop(h->source, flush);
	fan_input_changed(h);
}

void fan_end(struct hub *h, const struct ending *e)
{
	struct session *s, *next;
	bool empty = h->fan->n == 0;

	fan_close(h);
	for (s = LIST_FIRST(&h->fan->subscribers); s; s = next) {
		next = LIST_NEXT(s, subscription);
		session_backend_ended(s, e);
		session_proceed(s);
	}
	if (empty || h->fan->n > 0) /* else the last to leave has stopped it */
		stop_source(h, !empty);
}

void fan_ended(struct hub *h, const struct ending *e)
{
	const char *why = e->process[0] ? e->process : e->reason;

	if (h->fan->owner)
		log_info(hub_name(h), "the %s has ended%s%s", h->fan->noun,
			 *why ? ": " : "", why);
	if (!is_wanted_again(h, e->code != 0)) {
		fan_end(h, e);
		return;
	}
	h->fan->state = FAN_ENDED;
	ev_timer_stop(h->bridge->loop, &h->fan->linger);
	stop_source(h, false);
}

void fan_source_gone(struct hub *h)
{
	if (h->fan->state != FAN_ENDED)
		fan_close(h); /* it may never have opened */
}
