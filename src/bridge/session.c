/* SPDX-License-Identifier: MIT */
/* One open WebSocket from its 101 to its reaping. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "session.h"
#include "watch.h"

#define PONGS_QUEUED 32 /* answered one by one; of more pings only the newest is */

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
	snprintf(out, SESSION_WHO, "#%llu %s", (unsigned long long)id, path);
	return out;
}

static const char *who(const struct session *s)
{
	static char text[SESSION_WHO];

	return session_who(s->id, s->path, text);
}

static double now(const struct session *s)
{
	return s->bridge->now;
}

/* ---- state ---- */

static void set_state(struct session *s, enum session_state state)
{
	log_debug(who(s), "%s -> %s", states[s->state].name, states[state].name);
	s->state = state;
	s->state_since = now(s);
	if (state != SESSION_DEAD)
		session_arm(s);
}

static void leave_hub(struct session *s, bool flush)
{
	struct hub *h = s->hub;

	if (!h)
		return;
	s->hub = NULL;
	hub_leave(h, flush);
}

/* What the access line will say; the first cause stands. */
static void note_end(struct session *s, unsigned code, const char *reason,
		     enum closed_by by)
{
	if (s->close_code)
		return;
	s->close_code = (uint16_t)code;
	s->closed_by = by;
	s->close_reason = strdup(reason);
}

/* Nothing more is said to this client. */
void session_die(struct session *s, bool abort)
{
	if (s->state == SESSION_DEAD)
		return;
	leave_hub(s, !abort);
	set_state(s, SESSION_DEAD);
	ev_timer_stop(s->bridge->loop, &s->timer);
	stream_close(s->bridge->loop, &s->client, abort);
	LIST_REMOVE(s, link);
	LIST_INSERT_HEAD(&s->bridge->dead_sessions, s, link);
}

void session_abort(struct session *s, const char *why)
{
	note_end(s, CLOSE_ABNORMAL, why, CLOSED_BY_SERVER);
	session_die(s, true);
}

/* The client has gone without a close frame. */
void session_vanished(struct session *s, const char *why, bool abort)
{
	note_end(s, CLOSE_ABNORMAL, why, CLOSED_BY_CLIENT);
	session_die(s, abort);
}

/* ---- output ---- */

/* N bytes of out have gone. */
static void sent(struct session *s, size_t n)
{
	s->last_progress = now(s);
	buf_consume(&s->out, n);
	s->pong_left = s->pong_left > n ? s->pong_left - n : 0;
	if (s->pong_left == 0)
		s->pongs = 0;
	if (buf_len(&s->out) == 0 && s->state != SESSION_OPEN)
		session_arm(s); /* close_timeout begins */
}

/* Queue whole frames. */
static void queue(struct session *s, const void *p, size_t n)
{
	if (buf_len(&s->out) == 0)
		s->last_progress = now(s);
	if (buf_append(&s->out, p, n, SIZE_MAX) < 0)
		session_abort(s, "out of memory");
}

static void queue_pong(struct session *s, const char *p, size_t n)
{
	char frame[2 + FRAME_CONTROL_MAX];

	queue(s, frame, ws_control(frame, OP_PONG, p, n));
	s->pongs++;
	s->pong_left = buf_len(&s->out);
}

/* Write what is queued, as far as the client takes it. */
static void flush(struct session *s)
{
	struct iovec v;
	ssize_t n;

	if (s->state == SESSION_DEAD || buf_len(&s->out) == 0)
		return;
	v = (struct iovec){ buf_head(&s->out), buf_len(&s->out) };
	n = stream_writev(&s->client, &v, 1);
	if (n < 0) {
		session_vanished(s, strerror((int)-n), true);
		return;
	}
	sent(s, (size_t)n);
	if (s->ping_unanswered && s->pongs == 0) {
		s->ping_unanswered = false;
		queue_pong(s, buf_head(&s->newest_ping), buf_len(&s->newest_ping));
		buf_free(&s->newest_ping);
	}
}

size_t session_room(const struct session *s)
{
	size_t most = s->conf->queue, used = buf_len(&s->out);
	size_t room;

	if (s->state != SESSION_OPEN)
		return TURN_BYTES;
	/* Only below the half: reads stay large, and a queue that moves its content does
	 * it rarely. */
	if (used > most / 2)
		return 0;
	room = (most - used) / FRAMING_EXPANSION;
	return room < TURN_BYTES ? room : TURN_BYTES;
}

void session_deliver(struct session *s, struct gather *g, const struct traffic *t)
{
	ssize_t n = 0;

	s->sent.messages += t->messages;
	s->sent.bytes += t->bytes;
	if (g->bytes == 0 || s->state != SESSION_OPEN)
		return;
	s->last_data = now(s);
	if (buf_len(&s->out) == 0) {
		s->last_progress = now(s);
		n = stream_writev(&s->client, g->iov, g->n);
		if (n < 0) {
			session_vanished(s, strerror((int)-n), true);
			return;
		}
	}
	if ((size_t)n == g->bytes)
		return;
	if (gather_save(g, (size_t)n, &s->out, SIZE_MAX) < 0) {
		session_abort(s, "out of memory");
		return;
	}
	session_arm(s);
	session_proceed(s);
}

/* ---- the closing handshake (RFC 6455 7) ---- */

static void queue_close(struct session *s, unsigned code, const char *reason)
{
	char frame[2 + FRAME_CONTROL_MAX];

	queue(s, frame, ws_close(frame, code, reason));
}

/* Queue a close frame and wait for the peer's in the state NEXT. */
static void close_with(struct session *s, unsigned code, const char *reason,
		       enum session_state next)
{
	leave_hub(s, true);
	if (s->state != SESSION_OPEN) /* leaving has ended it */
		return;
	queue_close(s, code, reason);
	if (s->state == SESSION_OPEN)
		set_state(s, next);
	flush(s);
}

void session_close(struct session *s, unsigned code, const char *reason,
		   enum closed_by by)
{
	if (s->state != SESSION_OPEN)
		return;
	note_end(s, code, reason, by);
	close_with(s, code, reason,
		   s->conf->close_wait ? SESSION_CLOSING : SESSION_FLUSHING);
}

void session_backend_ended(struct session *s, const struct ending *e)
{
	const char *usual = s->conf->close_reason ? s->conf->close_reason : "";

	s->process = strdup(e->process);
	if (e->code)
		session_close(s, e->code, e->reason, CLOSED_BY_BACKEND);
	else
		session_close(s, s->conf->close_code, usual, CLOSED_BY_BACKEND);
}

/* ---- input ---- */

/* What was gathered goes to the backend: at the end of a turn, and before the session
 * ends. */
static void pass_on(struct session *s)
{
	if (s->hub)
		hub_flush(s->hub);
}

static void on_data(struct session *s, struct ws_event *e)
{
	/* Told from the machine's own storage, which goes with the next event. */
	bool transient = buf_len(&s->ws.message) > 0;
	struct traffic *count = &s->in;

	s->empty = e->n == 0 && (e->first || s->empty);
	if (s->state != SESSION_OPEN)
		return;
	s->last_data = now(s);
	if (!s->conf->write || s->input_ended) {
		if (s->in_discarded.messages == 0 && s->input_ended)
			log_info(who(s), "messages after the end of input are discarded");
		count = &s->in_discarded;
	} else if (e->opcode == OP_BINARY && e->last && s->empty && s->conf->eof) {
		s->input_ended = true;
		hub_finish(s->hub);
		return;
	} else if (!hub_input(s->hub, e->opcode, e->last, e->p, e->n, transient)) {
		pass_on(s);
		session_close(s, CLOSE_POLICY, "separator inside a message",
			      CLOSED_BY_SERVER);
		return;
	}
	count->messages += e->last;
	count->bytes += e->n;
}

static void on_ping(struct session *s, const struct ws_event *e)
{
	if (s->state != SESSION_OPEN)
		return;
	if (s->pongs < PONGS_QUEUED) {
		queue_pong(s, e->p, e->n);
		return;
	}
	buf_free(&s->newest_ping);
	s->ping_unanswered =
		buf_append(&s->newest_ping, e->p, e->n, FRAME_CONTROL_MAX) == 0;
}

static void on_pong(struct session *s, const struct ws_event *e)
{
	if (!s->ping_waits || e->n != sizeof(s->ping_number) ||
	    memcmp(e->p, &s->ping_number, e->n) != 0)
		return; /* unsolicited, or to an older ping */
	s->ping_waits = false;
	s->round_trip = now(s) - s->last_ping;
	session_arm(s);
	log_debug(who(s), "round trip %.1f ms", s->round_trip * 1e3);
}

static void on_close(struct session *s, const struct ws_event *e)
{
	char reason[FRAME_CONTROL_MAX] = "";

	memcpy(reason, e->p ? e->p : "", e->n);
	if (s->state == SESSION_CLOSING) {
		set_state(s, SESSION_FLUSHING);
		return;
	}
	note_end(s, e->code, reason, CLOSED_BY_CLIENT);
	pass_on(s);
	close_with(s, e->code, "", SESSION_FLUSHING);
}

static void on_fail(struct session *s, const struct ws_event *e)
{
	if (s->state == SESSION_CLOSING) {
		set_state(s, SESSION_FLUSHING);
		return;
	}
	log_info(who(s), "client broke the protocol: %s", e->reason);
	note_end(s, e->code, e->reason, CLOSED_BY_SERVER);
	pass_on(s);
	close_with(s, e->code, e->reason, SESSION_FLUSHING);
}

void session_input(struct session *s, char *p, size_t n)
{
	char *end = p + n;
	struct ws_event e;

	gather_reset(&s->bridge->scratch.gather);
	do {
		ws_next(&s->ws, &p, end, &e);
		switch (e.type) {
		case WS_DATA:
			on_data(s, &e);
			break;
		case WS_PING:
			on_ping(s, &e);
			break;
		case WS_PONG:
			on_pong(s, &e);
			break;
		case WS_CLOSE:
			on_close(s, &e);
			break;
		case WS_FAIL:
			on_fail(s, &e);
			break;
		case WS_MORE:
			break;
		}
	} while (e.type != WS_MORE && states[s->state].parses);
	pass_on(s);
	flush(s);
}

/* The client's end of the stream. */
static void on_end(struct session *s)
{
	if (s->state == SESSION_LINGERING || s->state == SESSION_FLUSHING)
		session_die(s, false);
	else
		session_vanished(s, "connection lost", false);
}

static void read_client(struct session *s)
{
	char *p = s->bridge->scratch.read;
	ssize_t n = stream_read(&s->client, p, TURN_BYTES);

	if (n == 0)
		on_end(s);
	else if (n > 0 && states[s->state].parses)
		session_input(s, p, (size_t)n);
	else if (n < 0 && n != -EAGAIN && n != -EINTR)
		session_vanished(s, strerror((int)-n), true);
}

/* ---- watchers ---- */

/* The client is read only while there is room for what it says. */
static bool may_read(const struct session *s)
{
	return states[s->state].reads &&
	       !(s->hub && hub_kept(s->hub) > s->conf->queue / 2);
}

/* The output has left: the next step of the end. */
static void after_flush(struct session *s)
{
	if (s->state != SESSION_FLUSHING)
		return;
	if (!s->conf->close_wait && s->closed_by != CLOSED_BY_CLIENT) {
		session_die(s, false);
		return;
	}
	stream_finish(&s->client);
	set_state(s, SESSION_LINGERING);
}

void session_proceed(struct session *s)
{
	struct ev_loop *loop = s->bridge->loop;
	bool reads;

	if (buf_len(&s->out) == 0)
		after_flush(s);
	if (s->state == SESSION_DEAD)
		return;
	reads = may_read(s);
	if (s->reading_paused == reads) {
		s->reading_paused = !reads;
		session_arm(s);
	}
	watch(EV_A_ & s->client.io,
	      (reads ? EV_READ : 0) | (buf_len(&s->out) > 0 ? EV_WRITE : 0));
	if (s->hub)
		hub_proceed(s->hub);
}

static void on_client(EV_P_ ev_io *w, int revents)
{
	struct session *s = w->data;

	(void)loop;
	if (revents & EV_WRITE)
		flush(s);
	if (revents & EV_READ && s->state != SESSION_DEAD)
		read_client(s);
	session_proceed(s);
}

/* Something for the client's kernel to answer; what waits already serves as well. */
void session_heartbeat(struct session *s)
{
	if (buf_len(&s->out) > 0)
		return;
	queue_pong(s, "", 0);
	flush(s);
	session_proceed(s);
}

void session_ping(struct session *s)
{
	char frame[2 + sizeof(s->ping_number)];

	s->ping_number++;
	s->ping_waits = true;
	s->last_ping = now(s);
	queue(s, frame,
	      ws_control(frame, OP_PING, &s->ping_number, sizeof(s->ping_number)));
	flush(s);
	session_proceed(s);
}

/* ---- life ---- */

struct session *session_open(struct bridge *b, const struct session_start *start)
{
	struct session *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->bridge = b;
	s->id = start->id;
	s->conf = start->conf;
	s->path = start->path;
	s->keep = start->keep;
	s->peer = start->peer;
	s->hub = start->hub;
	s->round_trip = -1;
	s->opened = s->last_data = s->last_progress = s->last_ping = s->state_since =
		now(s);
	ws_init(&s->ws, &s->conf->ws);
	ev_init(&s->client.io, on_client);
	s->client.io.data = s;
	stream_move(b->loop, start->client, &s->client);
	session_deadline_init(s);
	LIST_INSERT_HEAD(&b->sessions, s, link);
	b->nsessions++;
	queue(s, start->greeting.p, start->greeting.n);
	flush(s);
	if (s->hub)
		hub_subscribe(s->hub, s);
	session_arm(s);
	return s;
}

static void log_access(const struct session *s)
{
	static const char *const by[] = { "client", "server", "backend" };
	char peer[ADDR_TEXT];

	log_info(
		who(s),
		"closed peer=%s seconds=%.3f in=%llu/%llu out=%llu/%llu discarded=%llu code=%u "
		"by=%s reason=\"%s\" process=\"%s\" round_trip=%.1fms",
		addr_text(&s->peer, peer), now(s) - s->opened,
		(unsigned long long)s->in.messages, (unsigned long long)s->in.bytes,
		(unsigned long long)s->sent.messages, (unsigned long long)s->sent.bytes,
		(unsigned long long)s->in_discarded.messages, s->close_code,
		by[s->closed_by], s->close_reason ? s->close_reason : "",
		s->process ? s->process : "",
		s->round_trip < 0 ? 0.0 : s->round_trip * 1e3);
}

void session_free(struct session *s)
{
	assert(s->state == SESSION_DEAD && !s->hub);
	if (s->bridge->access)
		log_access(s);
	s->bridge->owner.session_ended(s->bridge->owner.data, s);
	s->bridge->nsessions--;
	LIST_REMOVE(s, link);
	ws_free(&s->ws);
	buf_free(&s->out);
	buf_free(&s->newest_ping);
	free(s->close_reason);
	free(s->process);
	s->bridge->owner.unkeep(s->keep);
	free(s);
}
