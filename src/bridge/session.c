/* SPDX-License-Identifier: MIT */
/* One open WebSocket from its 101 to its reaping: its states, watchers and closing
 * handshake. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	int n = snprintf(out, SESSION_WHO, "#%llu %s", (unsigned long long)id, path);

	if (n >= SESSION_WHO)
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
}

static void leave_hub(struct session *s, bool flush)
{
	struct hub *h = s->hub;

	s->hub = NULL;
	if (h)
		hub_leave(h, flush);
}

void session_note_end(struct session *s, unsigned code, const char *reason,
		      enum closed_by by)
{
	if (s->close_code)
		return;
	s->close_code = (uint16_t)code;
	s->closed_by = by;
	s->close_reason = strdup(reason);
}

void session_die(struct session *s, bool abort)
{
	struct ev_loop *loop = s->bridge->loop;

	if (s->state == SESSION_DEAD)
		return;
	leave_hub(s, !abort);
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
	 * first.
	 */
	if (error == -ETIMEDOUT && s->conf->send_timeout > 0 && buf_len(&s->out) > 0)
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
	session_flush(s);
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

	s->process = strdup(e->process);
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

/* The client is read only while there is room for what it says. */
static bool may_read(const struct session *s)
{
	return states[s->state].reads && !s->client_finished &&
	       !(s->held && s->state == SESSION_OPEN) &&
	       !(s->hub && is_full(s, s->reading_paused, hub_kept(s->hub)));
}

/* The time for a pong stands still while nobody reads it. */
static void pause_reading(struct session *s, bool pause)
{
	if (pause && !s->reading_paused)
		s->paused_since = s->bridge->now;
	else if (!pause && s->reading_paused)
		s->ping_paused += s->bridge->now - s->paused_since;
	s->reading_paused = pause;
}

/* What the deadlines depend on; they come nearer only when this changes. */
static unsigned deadline_key(const struct session *s)
{
	return (unsigned)s->state << 3 | (unsigned)(buf_len(&s->out) > 0) << 2 |
	       (unsigned)s->reading_paused << 1 | s->ping_waits;
}

void session_proceed(struct session *s)
{
	struct ev_loop *loop = s->bridge->loop;
	unsigned key;
	bool reads, writes;

	if (buf_len(&s->out) == 0)
		after_flush(s);
	if (s->state == SESSION_DEAD)
		return;
	stats_follow(&s->stats->output_queue, &s->queued, buf_len(&s->out));
	reads = may_read(s);
	pause_reading(s, !reads);
	s->output_full = is_full(s, s->output_full, buf_len(&s->out)) ||
			 (s->inject && s->inject->file);
	writes = buf_len(&s->out) > 0 || session_inject_pumps(s);
	stream_watch(EV_A_ & s->client, (reads ? EV_READ : 0) | (writes ? EV_WRITE : 0));
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

static void on_client(EV_P_ ev_io *w, int revents)
{
	struct session *s = w->data;

	(void)loop;
	if (revents & EV_ERROR) { /* the kernel does not watch it */
		session_note_end(s, CLOSE_ABNORMAL, strerror(ENOMEM), CLOSED_BY_SERVER);
		session_die(s, true);
	}
	revents = s->state == SESSION_DEAD ? 0 : stream_ready(&s->client, revents);
	if (revents & EV_WRITE)
		session_flush(s);
	if (revents & EV_WRITE && buf_len(&s->out) == 0 && session_inject_pumps(s))
		session_inject_pump(s);
	if (revents & EV_READ && s->state != SESSION_DEAD)
		session_read(s);
	session_proceed(s);
}

/* ---- life ---- */

static struct session *session_new(struct bridge *b, const struct session_start *start)
{
	struct session *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->bridge = b;
	s->id = start->id;
	s->conf = start->conf;
	s->path = start->path;
	s->stats = start->stats;
	s->user = start->user;
	s->keep = start->keep;
	s->peer = start->peer;
	s->via = start->via ? strdup(start->via) : NULL;
	s->asked = start->asked ? session_asked_copy(start->asked) : NULL;
	s->hub = start->hub;
	s->refused = !start->hub;
	s->round_trip = -1;
	s->armed_for = UINT8_MAX; /* no key: the first session_proceed() arms */
	s->opened = s->last_data = s->last_progress = s->last_ping = s->state_since =
		b->now;
	bucket_init(&s->messages, s->conf->message_rate, b->now);
	ws_init(&s->ws, &s->conf->ws);
	ev_init(&s->client.io, on_client);
	s->client.io.data = s;
	session_deadline_init(s);
	return s;
}

struct session *session_open(struct bridge *b, const struct session_start *start)
{
	struct session *s = session_new(b, start);

	if (!s)
		return NULL;
	stream_move(b->loop, start->client, &s->client);
	stream_give_up_after(&s->client, s->conf->send_timeout);
	LIST_INSERT_HEAD(&b->sessions, s, link);
	b->nsessions++;
	b->nrefused += s->refused;
	s->stats->opened++;
	s->stats->open++;
	if (s->hub)
		hub_subscribe(s->hub, s);
	session_queue(s, start->greeting.p, start->greeting.n);
	s->cut = start->greeting.n;
	session_flush(s);
	log_debug(session_name(s), "open");
	return s;
}

/* The fields are those of the table in wsbridged(8). */
static void log_access(const struct session *s)
{
	static const char *const by[] = { "client", "server", "backend" };
	const struct traffic *in = &s->in, *out = &s->sent, *lost = &s->in_discarded;
	char peer[ADDR_TEXT];
	const struct log_field fields[] = {
		{ "peer", LOG_WORD, .text = addr_text(&s->peer, peer) },
		{ "user", LOG_WORD, .text = s->user },
		{ "seconds", LOG_SECONDS, .seconds = s->bridge->now - s->opened },
		{ "in", LOG_TRAFFIC, .traffic = { in->messages, in->bytes } },
		{ "out", LOG_TRAFFIC, .traffic = { out->messages, out->bytes } },
		{ "discarded", LOG_TRAFFIC, .traffic = { lost->messages, lost->bytes } },
		{ "code", LOG_NUMBER, .number = s->close_code },
		{ "by", LOG_WORD, .text = by[s->closed_by] },
		{ "reason", LOG_TEXT, .text = s->close_reason },
		{ "process", LOG_TEXT, .text = s->process },
		{ "round_trip", LOG_LATENCY, .seconds = s->round_trip },
		{ "via", LOG_WORD, .text = s->via },
	};
	size_t n = sizeof(fields) / sizeof(*fields);

	/* A record of every session; accept_rate bounds how many they are. */
	log_event(LOG_LEVEL_INFO, session_name(s),
		  &(struct log_event){ .name = "closed",
				       .fields = fields,
				       .nfields = s->via ? n : n - 1,
				       .unlimited = true });
}

void session_free(struct session *s)
{
	assert(s->state == SESSION_DEAD && !s->hub && !ev_is_active(&s->timer));
	if (s->bridge->access && log_is_on(LOG_LEVEL_INFO))
		log_access(s);
	stats_count_close(s->stats, s->closed_by, s->close_code);
	stats_follow(&s->stats->output_queue, &s->queued, 0);
	s->stats->open--;
	s->bridge->owner.session_ended(s->bridge->owner.data, s);
	s->bridge->nsessions--;
	s->bridge->nrefused -= s->refused;
	LIST_REMOVE(s, link);
	session_inject_free(s);
	ws_free(&s->ws);
	buf_free(&s->out);
	free(s->newest_ping);
	free(s->close_reason);
	free(s->process);
	free(s->via);
	free(s->asked);
	s->bridge->owner.unkeep(s->keep);
	free(s);
}
