/* SPDX-License-Identifier: MIT */
/* What goes to a session's client: written at once, queued only as far as it must be. */
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "session_impl.h"

#define PONGS_QUEUED 32 /* pings answered one by one; of more only the newest is */

void session_queue(struct session *s, const void *p, size_t n)
{
	if (outq_len(&s->out) == 0)
		s->last_progress = s->bridge->now;
	if (outq_append(&s->out, p, n) == 0)
		return;
	if (s->close_code) /* its last line tells of another end */
		log_error(session_name(s), "out of memory: the close frame is lost");
	session_abort(s, "out of memory");
}

/* ---- pings ---- */

static void queue_pong(struct session *s, const char *p, size_t n)
{
	char frame[2 + FRAME_CONTROL_MAX];

	session_queue(s, frame, ws_control(frame, OP_PONG, p, n));
	s->pongs++;
	outq_mark(&s->out);
}

void session_pong(struct session *s, const char *p, size_t n)
{
	if (s->pongs < PONGS_QUEUED) {
		queue_pong(s, p, n);
		return;
	}
	if (!s->newest_ping)
		s->newest_ping = malloc(FRAME_CONTROL_MAX);
	if (!s->newest_ping) {
		session_abort(s, "out of memory");
		return;
	}
	memcpy(s->newest_ping, p, n);
	s->newest_ping_size = (uint8_t)n;
	s->ping_unanswered = true;
}

/* The answers before it have gone. */
static void answer_newest(struct session *s)
{
	if (!s->ping_unanswered || s->pongs > 0 || s->state != SESSION_OPEN)
		return;
	s->ping_unanswered = false;
	queue_pong(s, s->newest_ping, s->newest_ping_size);
}

void session_ping(struct session *s)
{
	char frame[2 + sizeof(s->ping_number)];

	if (s->ping_waits && s->conf->ping_timeout > 0)
		return; /* its pong answers this one, too; the time for that goes on */
	s->ping_number++;
	s->ping_waits = true;
	s->last_ping = s->paused_since = s->bridge->now;
	s->ping_paused = 0;
	session_queue(
		s, frame,
		ws_control(frame, OP_PING, &s->ping_number, sizeof(s->ping_number)));
	session_flush_in_time(s);
	session_proceed(s);
}

void session_heartbeat(struct session *s)
{
	if (outq_len(&s->out) > 0)
		return;
	queue_pong(s, "", 0);
	session_flush(s);
	session_proceed(s);
}

/* ---- writing ---- */

bool session_flush(struct session *s)
{
	struct iovec v[OUTQ_IOV];
	ssize_t n;

	if (s->state == SESSION_DEAD || outq_len(&s->out) == 0)
		return true;
	n = stream_writev(&s->client, v, outq_iov(&s->out, v));
	if (n < 0) {
		session_lost(s, n);
		return false;
	}
	if (n == 0) /* no progress: send_timeout goes on */
		return false;
	s->last_progress = s->bridge->now;
	turn_passed(&s->bridge->turn, (size_t)n);
	outq_sent(&s->out, (size_t)n);
	if (s->out.mark == 0)
		s->pongs = 0;
	answer_newest(s);
	return (size_t)n == OUTQ_WRITE || outq_len(&s->out) == 0;
}

void session_flush_in_time(struct session *s)
{
	if (turn_has_time(&s->bridge->turn))
		session_flush(s);
	else if (s->state != SESSION_DEAD) /* for want of memory for the frame */
		session_wait(s, 0);
}

/* ---- for its hub ---- */

size_t session_room(const struct session *s)
{
	size_t used = outq_len(&s->out);

	return s->output_full || used > s->conf->queue ? 0 : s->conf->queue - used;
}

void session_put(struct session *s, struct gather *g)
{
	ssize_t n = 0;

	if (g->bytes == 0 || s->state != SESSION_OPEN)
		return;
	s->last_data = s->bridge->now;
	if (outq_len(&s->out) == 0) {
		s->last_progress = s->bridge->now;
		n = stream_writev(&s->client, g->iov, g->n);
		if (n < 0) {
			session_lost(s, n);
			return;
		}
	}
	if ((size_t)n == g->bytes)
		return;
	if (outq_save(&s->out, g, (size_t)n) < 0)
		session_abort(s, "out of memory");
	else
		session_proceed(s);
}

void session_deliver(struct session *s, struct gather *g, const struct traffic *t)
{
	s->sent.messages += t->messages;
	s->sent.bytes += t->bytes;
	s->stats->sent.messages += t->messages;
	s->stats->sent.bytes += t->bytes;
	if (!s->inject || !session_inject_holds(s, g))
		session_put(s, g);
}
