/* SPDX-License-Identifier: MIT */
/* What a session's client says: bytes to events to the hub. */
#include <errno.h>
#include <string.h>

#include "event.h"
#include "log.h"
#include "session_impl.h"

/* What was gathered goes to the backend: at the end of a turn, and before the session
 * ends. */
static void pass_on(struct session *s)
{
	if (s->hub)
		hub_flush(s->hub);
}

/* Nobody takes it: the path is for viewing only, or the input has been ended. */
static void discard(struct session *s, const struct ws_event *e)
{
	struct traffic *count = &s->in_discarded;

	if (s->conf->write && count->messages == 0 && count->bytes == 0)
		log_info(session_name(s),
			 "messages after the end of input are discarded");
	count->messages += e->last;
	count->bytes += e->n;
	s->stats->discarded.messages += e->last;
	s->stats->discarded.bytes += e->n;
}

/* The client has broken a rule of the path's: what came before still goes to the backend.
 */
static void refuse(struct session *s, unsigned code, const char *reason)
{
	pass_on(s);
	session_close(s, code, reason, CLOSED_BY_SERVER);
}

static void tell_data(const struct session *s, const struct ws_event *e)
{
	event_tell(
		EVENT_DATA_IN, session_name(s),
		(union log_value[]){ { .text = e->opcode == OP_TEXT ? "text" : "binary" },
				     { .number = e->n },
				     { .flag = e->last } });
}

static void count_input(struct session *s, const struct ws_event *e)
{
	s->in.messages += e->last;
	s->in.bytes += e->n;
	s->stats->received.messages += e->last;
	s->stats->received.bytes += e->n;
}

/* It is not for the backend: nobody takes it, or it is about the terminal. */
static bool goes_aside(struct session *s, const struct ws_event *e)
{
	const char *wrong;

	if (!s->conf->write || s->input_ended || s->hub->input_ended) {
		discard(s, e);
		return true;
	}
	if (!s->terminal || e->opcode != OP_TEXT)
		return false;
	wrong = session_control(s, e->p, e->n);
	if (wrong)
		refuse(s, CLOSE_POLICY, wrong);
	else
		count_input(s, e);
	return true;
}

static void on_data(struct session *s, struct ws_event *e)
{
	struct refusal refused;

	if (s->state != SESSION_OPEN)
		return;
	if (event_wanted(EVENT_DATA_IN))
		tell_data(s, e);
	if (e->first &&
	    !bucket_take(&s->messages, s->conf->message_rate, s->bridge->now)) {
		refuse(s, CLOSE_POLICY, "too many messages (message_rate)");
		return;
	}
	s->last_data = s->bridge->now;
	s->empty = e->n == 0 && (e->first || s->empty);
	if (s->aside && goes_aside(s, e))
		return;
	if (e->opcode == OP_BINARY && e->last && s->empty && s->conf->eof) {
		s->input_ended = s->aside = true;
		hub_finish(s->hub, s);
		return;
	}
	refused = hub_input(s->hub, s, e);
	if (refused.code)
		refuse(s, refused.code, refused.reason);
	else
		count_input(s, e);
}

static void on_pong(struct session *s, const struct ws_event *e)
{
	if (!s->ping_waits || e->n != sizeof(s->ping_number) ||
	    memcmp(e->p, &s->ping_number, e->n) != 0)
		return; /* unsolicited, or to an older ping */
	s->ping_waits = false;
	s->round_trip = s->bridge->now - s->last_ping;
	if (event_wanted(EVENT_PONG))
		event_tell(EVENT_PONG, session_name(s),
			   &(union log_value){ .seconds = s->round_trip });
	s->bridge->owner.ponged(s->bridge->owner.data, s);
}

static void on_close(struct session *s, const struct ws_event *e)
{
	char reason[FRAME_CONTROL_MAX] = "";

	if (e->n > 0)
		memcpy(reason, e->p, e->n);
	pass_on(s);
	session_note_end(s, e->code, reason, CLOSED_BY_CLIENT);
	session_reply_close(s, e->code, "");
}

static void on_fail(struct session *s, const struct ws_event *e)
{
	log_info(session_name(s), "the client broke the protocol: %s", e->reason);
	pass_on(s);
	session_note_end(s, e->code, e->reason, CLOSED_BY_SERVER);
	session_reply_close(s, e->code, e->reason);
}

static void on_event(struct session *s, struct ws_event *e)
{
	switch (e->type) {
	case WS_DATA:
		on_data(s, e);
		break;
	case WS_PING:
		if (s->state == SESSION_OPEN)
			session_pong(s, e->p, e->n);
		break;
	case WS_PONG:
		on_pong(s, e);
		break;
	case WS_CLOSE:
		on_close(s, e);
		break;
	case WS_FAIL:
		on_fail(s, e);
		break;
	case WS_MORE:
		break;
	}
}

void session_input(struct session *s, char *p, size_t n)
{
	char *end = p + n;
	struct ws_event e;

	gather_reset(&s->bridge->scratch.gather);
	do {
		ws_next(&s->ws, &p, end, &e);
		on_event(s, &e);
	} while (e.type != WS_MORE && session_parses(s));
	pass_on(s);
	gather_reset(&s->bridge->scratch.gather); /* nobody took it: S has ended */
	session_flush(s);
}

/* The client's end of the stream. */
static void on_end(struct session *s)
{
	if (s->state == SESSION_FLUSHING && outq_len(&s->out) > 0)
		s->client_finished = true; /* it may still read what it has asked for */
	else if (s->state == SESSION_LINGERING || s->state == SESSION_FLUSHING)
		session_die(s, false);
	else if (stream_is_cut(&s->client))
		session_vanished(s, "connection cut (no close_notify)", false);
	else
		session_vanished(s, "connection lost", false);
}

void session_read(struct session *s)
{
	char *p = s->bridge->scratch.read;
	ssize_t n = stream_read(&s->client, p, TURN_BYTES);

	if (n == 0)
		on_end(s);
	else if (n > 0 && session_parses(s))
		session_input(s, p, (size_t)n);
	else if (n < 0 && n != -EAGAIN && n != -EINTR)
		session_lost(s, n);
}
