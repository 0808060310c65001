/* SPDX-License-Identifier: MIT */
/* One open WebSocket: its states, watchers and closing handshake. */
#include <errno.h>
#include <string.h>

#include "digits.h"
#include "event.h"
#include "fan.h"
#include "log.h"
#include "session_impl.h"
#include "session_inject_impl.h"

static const struct {
	const char *name;
	bool reads;  /* the client's bytes are wanted, if only to see its end */
	bool parses; /* and mean something */
} states[SESSION_STATES] = {
	[SESSION_OPEN] = { "open", true, true },
	[SESSION_CLOSING] = { "closing", true, true },
	[SESSION_FLUSHING] = { "flushing", true, false },
	[SESSION_LINGERING] = { "lingering", true, false },
	[SESSION_DEAD] = { "dead", false, false },
};

const char *session_who(uint64_t id, const char *path, char *out)
{
	size_t n = strlen(path), at = 1 + digits(out + 1, id), room;

	out[0] = '#';
	out[at++] = ' ';
	room = SESSION_WHO - at;
	memcpy(out + at, path, n < room ? n + 1 : room);
	if (n >= room)
		memcpy(out + SESSION_WHO - sizeof("…"), "…", sizeof("…"));
	return out;
}

const char *session_name(const struct session *s)
{
	static char text[SESSION_WHO];

	return session_who(s->id, s->path, text);
}

const char *session_state_name(const struct session *s)
{
	return states[s->state].name;
}

bool session_parses(const struct session *s)
{
	return states[s->state].parses;
}

/* ---- state ---- */

void session_set_state(struct session *s, enum session_state state)
{
	log_debug(session_name(s), "%s -> %s", states[s->state].name, states[state].name);
	s->state = state;
	s->state_since = s->bridge->now;
	session_inject_end(s, -ESHUTDOWN);
	if (state == SESSION_FLUSHING)
		stream_last(&s->client);
}

static void leave_hub(struct session *s, bool flush)
{
	struct hub *h = s->hub;

	s->hub = NULL;
	if (h)
		hub_leave(h, s, flush);
}

/* Did something go wrong?  What a client says of itself in its close frame did not go
 * wrong here. */
static bool is_error(unsigned code, enum closed_by by)
{
	if (code == CLOSE_ABNORMAL)
		return true;
	if (by == CLOSED_BY_CLIENT || code == CLOSE_NO_STATUS)
		return false;
	return code >= CLOSE_PROTOCOL_ERROR && code < 3000 && code != CLOSE_RESTART;
}

void session_note_end(struct session *s, unsigned code, const char *reason,
		      enum closed_by by)
{
	if (s->close_code)
		return;
	s->close_code = (uint16_t)code;
	s->closed_by = by;
	s->close_reason = strdup(reason);
	if (event_wanted(EVENT_ERROR) && is_error(code, by))
		event_tell(EVENT_ERROR, session_name(s),
			   (union log_value[]){ { .number = code }, { .text = reason } });
}

void session_die(struct session *s, bool abort)
{
	struct ev_loop *loop = s->bridge->loop;

	if (s->state == SESSION_DEAD)
		return;
	leave_hub(s, !abort);
	turn_forget(&s->bridge->turn, &s->late);
	session_set_state(s, SESSION_DEAD);
	ev_timer_stop(EV_A_ & s->timer);
	stream_close(EV_A_ & s->client, abort);
	bridge_walks_skip(s->bridge, s);
	LIST_REMOVE(s, link);
	LIST_INSERT_HEAD(&s->bridge->dead_sessions, s, link);
}

void session_abort(struct session *s, const char *why)
{
	session_note_end(s, CLOSE_ABNORMAL, why, CLOSED_BY_SERVER);
	session_die(s, true);
}

void session_vanished(struct session *s, const char *why, bool abort)
{
	session_note_end(s, CLOSE_ABNORMAL, why, CLOSED_BY_CLIENT);
	session_die(s, abort);
}

void session_lost(struct session *s, ssize_t error)
{
	/* The kernel knows of send_timeout, too (stream_give_up_after()), and may be
	 * first, or the only one who waits; without either it is the keepalive's.
	 */
	if (error == -ETIMEDOUT && s->conf->send_timeout > 0 &&
	    (outq_len(&s->out) > 0 || stream_unacknowledged(&s->client) > 0))
		session_note_end(s, CLOSE_ABNORMAL, "send timeout", CLOSED_BY_SERVER);
	/* What breaks TLS is told by an alert, which an RST could overtake. */
	session_vanished(s, stream_strerror(&s->client, error), error != -EPROTO);
}

/* ---- the closing handshake (RFC 6455 7) ---- */

/* Leave the hub, queue a close frame, go on to the state NEXT. */
static void close_with(struct session *s, unsigned code, const char *reason,
		       enum session_state next)
{
	char frame[2 + FRAME_CONTROL_MAX];

	leave_hub(s, true);
	session_queue(s, frame, ws_close(frame, code, reason));
	if (s->state == SESSION_DEAD) /* out of memory */
		return;
	session_set_state(s, next);
	session_flush_in_time(s);
}

void session_reply_close(struct session *s, unsigned code, const char *reason)
{
	if (s->state == SESSION_CLOSING) /* ours has gone before */
		session_set_state(s, SESSION_FLUSHING);
	else
		close_with(s, code, reason, SESSION_FLUSHING);
}

void session_close(struct session *s, unsigned code, const char *reason,
		   enum closed_by by)
{
	if (s->state != SESSION_OPEN)
		return;
	session_note_end(s, code, reason, by);
	close_with(s, code, reason,
		   s->conf->close_wait ? SESSION_CLOSING : SESSION_FLUSHING);
}

void session_backend_ended(struct session *s, const struct ending *e)
{
	const char *usual = s->conf->close_reason ? s->conf->close_reason : "";

	if (!s->process && e->process[0])
		s->process = strdup(e->process);
	if (s->hub && session_inject_outlasts(s, e))
		return;
	if (e->code)
		session_close(s, e->code, e->reason, CLOSED_BY_BACKEND);
	else
		session_close(s, s->conf->close_code, usual, CLOSED_BY_BACKEND);
}

/* The output has left: the next step of the end. */
static void after_flush(struct session *s)
{
	bool waits = s->conf->close_wait || s->closed_by == CLOSED_BY_CLIENT;

	if (s->state != SESSION_FLUSHING)
		return;
	if (s->client_finished || !waits) {
		session_die(s, false);
		return;
	}
	stream_finish(&s->client);
	session_set_state(s, SESSION_LINGERING);
}

/* ---- watchers and timer ---- */

/*
 * Has a queue that holds USED bytes no room?  From its half on it is FULL, until most of
 * it has gone: then reads are large, and what is left is rarely moved to make room.
 */
static bool is_full(const struct session *s, bool full, size_t used)
{
	return used > (full ? s->conf->queue / 8 : s->conf->queue / 2);
}

/*
 * Does more wait for the source than should?  While it takes what it is given, a turn's
 * worth is enough: more would only be copied twice, and out of every cache when its time
 * comes.
 */
static bool input_is_full(const struct session *s)
{
	size_t kept;

	if (s->hub->fan)
		return s->hub->fan->input_full;
	kept = hub_kept(s->hub);
	return is_full(s, s->reading_paused, kept) || (!s->patient && kept > TURN_BYTES);
}

/* The client is read only while there is room for what it says. */
static bool may_read(const struct session *s)
{
	return states[s->state].reads && !s->client_finished &&
	       !(s->held && s->state == SESSION_OPEN) && !(s->hub && input_is_full(s));
}

/* The time for a pong stands still while nobody reads it. */
static void pause_reading(struct session *s, bool pause)
{
	if (pause && !s->reading_paused)
		s->paused_since = s->last_look = s->bridge->now;
	else if (!pause && s->reading_paused)
		s->ping_paused += s->bridge->now - s->paused_since;
	s->reading_paused = pause;
}

void session_tell_ready(const struct session *s)
{
	if (event_wanted(EVENT_READY_TO_SEND))
		event_tell(EVENT_READY_TO_SEND, session_name(s),
			   &(union log_value){ .number = session_queued(s) });
}

/* It has become full, or has room again. */
static void output_changed(struct session *s)
{
	if (s->hub && s->hub->fan)
		fan_count_full(s->hub->fan, s->output_full);
	if (s->output_full || s->state != SESSION_OPEN)
		return;
	session_tell_ready(s);
	if (s->size_waits)
		session_wait(s, 0);
}

void session_be_patient(struct session *s)
{
	s->patient = true;
	pause_reading(s, false);
	session_proceed(s);
}

/* A source that has taken all is not slow any more; of one whose client is held that says
 * nothing. */
static void check_patience(struct session *s)
{
	if (s->patient && !s->held && s->hub && !s->hub->fan && hub_kept(s->hub) == 0)
		s->patient = false;
}

/* What the deadlines depend on; they come nearer only when this changes. */
static unsigned deadline_key(const struct session *s)
{
	return (unsigned)s->state << 3 | (unsigned)(outq_len(&s->out) > 0) << 2 |
	       (unsigned)s->reading_paused << 1 | s->ping_waits;
}

/* Who waits for a turn is not told of again and again meanwhile. */
static void watch_client(struct session *s, bool reads)
{
	bool writes = (outq_len(&s->out) > 0 && !s->late.act) ||
		      (s->inject && session_inject_pumps(s));
	int events = (reads ? EV_READ : 0) | (writes ? EV_WRITE : 0);

	stream_watch(s->bridge->loop, &s->client, s->late_events ? 0 : events);
}

void session_proceed(struct session *s)
{
	unsigned key;
	bool reads, was_full = s->output_full;

	if (outq_len(&s->out) == 0)
		after_flush(s);
	if (s->state == SESSION_DEAD)
		return;
	stats_follow(&s->stats->output_queue, &s->queued, session_queued(s));
	check_patience(s);
	reads = may_read(s);
	pause_reading(s, !reads);
	s->output_full = is_full(s, was_full, outq_cost(&s->out)) ||
			 (s->inject && s->inject->file);
	if (was_full != s->output_full)
		output_changed(s);
	watch_client(s, reads);
	key = deadline_key(s);
	if (key != s->armed_for) {
		s->armed_for = (uint8_t)key;
		session_arm(s);
	}
	if (s->hub)
		hub_proceed(s->hub);
}

void session_hold(struct session *s, bool hold)
{
	s->held = hold;
	session_proceed(s);
}

static void serve(struct session *s, int revents)
{
	revents = s->state == SESSION_DEAD ? 0 : stream_ready(&s->client, revents);
	if (revents & EV_WRITE)
		session_flush(s);
	if (revents & EV_WRITE && outq_len(&s->out) == 0 && s->inject &&
	    session_inject_pumps(s))
		session_inject_pump(s);
	if (revents & EV_READ && s->state != SESSION_DEAD)
		session_read(s);
	session_proceed(s);
}

static void on_turn(struct late *l)
{
	struct session *s =
		(struct session *)((char *)l - offsetof(struct session, late));
	const ev_io *io = &s->client.io;
	int revents = s->late_events;
	bool taken;

	s->late_events = 0;
	if (revents)
		watch_client(s, may_read(s));
	revents = ev_is_active(io) ? revents & io->events : 0; /* wanted now, too */
	taken = session_flush(s);
	if (s->size_waits) /* behind what is written now: it may not have fitted before */
		session_tell_size(s);
	if (s->unwritten)
		session_share_written(s, taken);
	if (!ev_is_active(&s->timer)) /* it has fired, or there is none */
		session_expire(s);
	serve(s, revents);
}

void session_wait(struct session *s, int events)
{
	s->late_events |= (uint8_t)events;
	turn_wait(&s->bridge->turn, &s->late, on_turn);
}

static void on_client(EV_P_ ev_io *w, int revents)
{
	struct session *s = w->data;

	(void)loop;
	if (revents & EV_ERROR) { /* the kernel does not watch it */
		session_abort(s, "out of memory");
		session_proceed(s);
	} else if (s->late.act || !turn_has_time(&s->bridge->turn)) {
		session_wait(s, revents);
		watch_client(s, false);
	} else {
		serve(s, revents);
	}
}

void session_init(struct session *s)
{
	s->armed_for = UINT8_MAX; /* no key: the first session_proceed() arms */
	ev_init(&s->client.io, on_client);
	s->client.io.data = s;
	session_deadline_init(s);
}
