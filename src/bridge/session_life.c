/* SPDX-License-Identifier: MIT */
/* A session's beginning, at its 101, and its reaping. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "session_impl.h"
#include "session_inject_impl.h"

static struct session *session_new(struct bridge *b, const struct session_start *start)
{
	size_t peer = offsetof(struct addr, sa) + start->peer.len;
	struct session *s = calloc(1, sizeof(*s) + peer);

	if (!s)
		return NULL;
	s->peer = memcpy(s + 1, &start->peer, peer);
	s->bridge = b;
	s->id = start->id;
	s->conf = start->conf;
	s->path = start->path;
	s->stats = start->stats;
	s->user = start->user ? strdup(start->user) : NULL;
	s->keep = start->keep;
	s->via = start->via ? strdup(start->via) : NULL;
	s->asked = start->asked ? session_asked_copy(start->asked) : NULL;
	s->hub = start->hub;
	s->refused = !start->hub;
	s->terminal = start->terminal;
	s->aside = s->terminal || !s->conf->write || (s->hub && s->hub->fan);
	s->round_trip = -1;
	s->opened = s->last_data = s->last_progress = s->last_ping = s->state_since =
		b->now;
	s->rate.at = s->opened;
	bucket_init(&s->messages, s->conf->message_rate, b->now);
	ws_init(&s->ws, &s->conf->ws);
	session_init(s);
	return s;
}

static void tell_connected(const struct session *s, struct span subprotocol)
{
	char peer[ADDR_TEXT], name[256];
	const union log_value values[] = {
		{ .text = addr_text(s->peer, peer) },
		{ .text = s->user },
		{ .text = name },
		{ .text = s->via },
	};

	snprintf(name, sizeof(name), "%.*s", (int)subprotocol.n,
		 subprotocol.p ? subprotocol.p : "");
	event_tell(EVENT_CONNECTED, session_name(s), values);
}

/* S stays only if its source could be told of it. */
static void introduce(struct session *s, const struct session_start *start)
{
	int r = hub_introduce(s->hub, s, start);

	if (r == -ENOBUFS)
		session_close(s, CLOSE_TRY_LATER, "program does not read its input",
			      CLOSED_BY_SERVER);
	else if (r < 0)
		session_abort(s, "out of memory");
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
	s->out.cut = start->greeting.n;
	if (event_wanted(EVENT_CONNECTED))
		tell_connected(s, start->subprotocol);
	session_flush(s);
	if (s->terminal && s->hub) /* before what was drawn on a screen of that size */
		session_tell_size(s);
	if (s->hub)
		introduce(s, start);
	if (s->hub)
		session_tell_ready(s);
	return s;
}

static void tell_disconnected(const struct session *s)
{
	const struct traffic *in = &s->in, *out = &s->sent, *lost = &s->in_discarded;
	char peer[ADDR_TEXT];
	const union log_value values[] = {
		{ .text = addr_text(s->peer, peer) },
		{ .text = s->user },
		{ .seconds = s->bridge->now - s->opened },
		{ .traffic = { in->messages, in->bytes } },
		{ .traffic = { out->messages, out->bytes } },
		{ .traffic = { lost->messages, lost->bytes } },
		{ .traffic = { s->dropped.messages, s->dropped.bytes } },
		{ .number = s->close_code },
		{ .text = closed_by_name(s->closed_by) },
		{ .text = s->close_reason },
		{ .text = s->process },
		{ .seconds = s->round_trip },
		{ .text = s->via },
	};

	event_tell(EVENT_DISCONNECTED, session_name(s), values);
}

void session_free(struct session *s)
{
	struct heap *heap = &s->bridge->heap;

	assert(s->state == SESSION_DEAD && !s->hub && !ev_is_active(&s->timer));
	if (event_wanted(EVENT_DISCONNECTED))
		tell_disconnected(s);
	stats_count_close(s->stats, s->closed_by, s->close_code);
	stats_follow(&s->stats->output_queue, &s->queued, 0);
	s->stats->open--;
	s->bridge->owner.session_ended(s->bridge->owner.data, s);
	s->bridge->nsessions--;
	s->bridge->nrefused -= s->refused;
	LIST_REMOVE(s, link);
	session_inject_free(s);
	ws_free(&s->ws);
	outq_free(&s->out);
	free(s->newest_ping);
	free(s->close_reason);
	free(s->process);
	free(s->via);
	free(s->user);
	free(s->asked);
	s->bridge->owner.unkeep(s->keep);
	free(s);
	heap_left(heap);
}
