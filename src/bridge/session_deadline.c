/* SPDX-License-Identifier: MIT */
/*
 * The deadlines of a session: one timer for all of them, set to the nearest.
 *
 * Messages only move deadlines away, so they cost a time stamp and no timer call: a timer
 * that fires too early finds nothing due and is set again.  What brings a deadline nearer
 * (a state, a pong, output that has to wait, a pause) calls session_proceed().
 */
#include <math.h>

#include "log.h"
#include "session_impl.h"

#define LOOK_PAUSED 0.4 /* seconds between looks at a client that is not read */
#define STALLED \
	1.0 /* seconds without progress, after which one that has gone is given up */

/* SECONDS after SINCE; 0 seconds is never. */
static double after(double since, double seconds)
{
	return seconds > 0 ? since + seconds : INFINITY;
}

static double idle_at(const struct session *s)
{
	return s->state == SESSION_OPEN ? after(s->last_data, s->conf->idle_timeout)
					: INFINITY;
}

static void idle(struct session *s)
{
	session_close(s, CLOSE_GOING_AWAY, "idle timeout", CLOSED_BY_SERVER);
	session_proceed(s);
}

static double ping_at(const struct session *s)
{
	if (s->state != SESSION_OPEN || s->ping_waits)
		return INFINITY;
	return after(s->last_ping, s->conf->ping_interval);
}

/* While reading is paused the pong may lie unread: the time stands still. */
static double pong_at(const struct session *s)
{
	if (s->state != SESSION_OPEN || !s->ping_waits || s->reading_paused)
		return INFINITY;
	return after(s->last_ping + s->ping_paused, s->conf->ping_timeout);
}

static void no_pong(struct session *s)
{
	session_abort(s, "ping timeout");
}

static double send_at(const struct session *s)
{
	return outq_len(&s->out) > 0 ? after(s->last_progress, s->conf->send_timeout)
				     : INFINITY;
}

static void no_progress(struct session *s)
{
	session_abort(s, "send timeout");
}

/* From the time when the last of the output has left; while there is some, which is what
 * send_timeout is about, and that is none: when the client has taken some. */
static double close_at(const struct session *s)
{
	double since =
		s->last_progress > s->state_since ? s->last_progress : s->state_since;
	double timeout = s->conf->close_timeout;

	if (s->state == SESSION_OPEN)
		return INFINITY;
	if (outq_len(&s->out) == 0)
		return since + timeout;
	if (s->conf->send_timeout > 0)
		return INFINITY;
	return since + (timeout > STALLED ? timeout : STALLED);
}

static void close_over(struct session *s)
{
	session_die(s, outq_len(&s->out) > 0);
}

/* Of one whose end has been read nothing more is to be learned but whether it takes what
 * is left for it, which send_timeout is about. */
static double look_at(const struct session *s)
{
	return s->reading_paused && !s->client_finished ? s->last_look + LOOK_PAUSED
							: INFINITY;
}

/*
 * A pause that lasts is for a source that is slow, for which more may wait.
 *
 * libev reports neither FIN nor RST of a socket that is not read.  After a FIN there may
 * still be messages to read: they are, as long as the program takes what it has.  A
 * client that has closed while its own send queue was full shows no FIN at all; but its
 * kernel answers a byte of ours by an RST, so one is sent: an unsolicited pong (RFC
 * 6455 5.5.3).
 */
static void look(struct session *s)
{
	size_t kept = s->hub ? hub_kept(s->hub) : 0;
	double since = s->last_taken > s->paused_since ? s->last_taken : s->paused_since;
	bool fin = false;

	s->last_look = s->bridge->now;
	if (!s->patient) {
		session_be_patient(s);
		return;
	}
	if (kept != s->last_kept)
		s->last_taken = since = s->bridge->now;
	s->last_kept = kept;
	if (stream_gone(&s->client, &fin))
		session_abort(s, "connection lost");
	else if (fin && s->bridge->now - since >= STALLED)
		session_vanished(s, "connection lost", false);
	else if (!fin)
		session_heartbeat(s);
}

static const struct {
	double (*at)(const struct session *s);
	void (*act)(struct session *s);
} deadlines[] = {
	{ idle_at, idle },        { ping_at, session_ping }, { pong_at, no_pong },
	{ send_at, no_progress }, { close_at, close_over },  { look_at, look },
};

#define COUNT (sizeof(deadlines) / sizeof(deadlines[0]))

void session_arm(struct session *s)
{
	struct ev_loop *loop = s->bridge->loop;
	double next = INFINITY;

	for (size_t i = 0; i < COUNT; i++) {
		double at = deadlines[i].at(s);

		if (at < next)
			next = at;
	}
	ev_timer_stop(EV_A_ & s->timer);
	if (next == INFINITY || s->state == SESSION_DEAD)
		return;
	ev_timer_set(&s->timer, next > s->bridge->now ? next - s->bridge->now : 0, 0);
	ev_timer_start(EV_A_ & s->timer);
}

void session_expire(struct session *s)
{
	for (size_t i = 0; i < COUNT && s->state != SESSION_DEAD; i++)
		if (deadlines[i].at(s) <= s->bridge->now)
			deadlines[i].act(s);
	if (s->state != SESSION_DEAD)
		session_arm(s);
}

static void on_timer(EV_P_ ev_timer *w, int revents)
{
	struct session *s = w->data;

	(void)loop;
	(void)revents;
	if (s->late.act || !turn_has_time(&s->bridge->turn))
		session_wait(s, 0); /* many were set at once */
	else
		session_expire(s);
}

void session_deadline_init(struct session *s)
{
	ev_init(&s->timer, on_timer);
	s->timer.data = s;
}
