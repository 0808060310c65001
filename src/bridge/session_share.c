/* SPDX-License-Identifier: MIT */
/* What a session hears together with others: references to packets, and what becomes of
 * a client that is too slow for them. */
#include "fan.h"
#include "session_impl.h"
#include "session_inject_impl.h"

/* The first GONE bytes of B have left; the rest waits in Q.  0 or -ENOMEM. */
static int keep(struct outq *q, const struct batch *b, size_t gone)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < b->n; i++) {
		size_t part = gone < b->at[i]->n ? gone : b->at[i]->n;

		if (part < b->at[i]->n)
			r = outq_push(q, b->at[i], part);
		gone -= part;
	}
	return r;
}

/* ---- too slow ---- */

/* Drop the oldest messages of Q that have not begun to leave, COST or more, or all: how
 * much. */
static size_t drop_of(struct session *s, struct outq *q, size_t cost, size_t begun)
{
	size_t before = outq_cost(q);
	struct traffic t = outq_drop(q, cost, begun);

	s->sent.messages -= t.messages;
	s->sent.bytes -= t.bytes;
	s->dropped.messages += t.messages;
	s->dropped.bytes += t.bytes;
	s->stats->dropped.messages += t.messages;
	s->stats->dropped.bytes += t.bytes;
	return before - outq_cost(q);
}

/* The same of all that waits, BEHIND a file too. */
static void drop(struct session *s, struct outq *behind, size_t cost)
{
	size_t n = drop_of(s, &s->out, cost, stream_committed(&s->client));

	if (n < cost && behind)
		drop_of(s, behind, cost - n, 0);
}

/* EXCESS more than `queue` waits. */
static void too_slow(struct session *s, struct outq *behind, size_t excess)
{
	switch (s->hub->conf->slow_client) {
	case SLOW_USUAL:
	case SLOW_PAUSE: /* its hub reads no more */
		break;
	case SLOW_DROP:
		drop(s, behind, excess);
		break;
	case SLOW_DISCONNECT:
		drop(s, behind, SIZE_MAX);
		session_close(s, CLOSE_POLICY, "too slow", CLOSED_BY_SERVER);
		break;
	}
}

/* ---- for the hub ---- */

static void count(struct session *s, const struct traffic *t)
{
	s->last_data = s->bridge->now;
	s->sent.messages += t->messages;
	s->sent.bytes += t->bytes;
	s->stats->sent.messages += t->messages;
	s->stats->sent.bytes += t->bytes;
}

/* Is there no more to come than what waits behind a file? */
static bool has_heard_all(const struct session *s)
{
	return s->inject && s->inject->ending;
}

/* Where what many hear waits while a file is sent; NULL: none is. */
static struct outq *behind_file(struct session *s)
{
	return s->inject && s->inject->file ? &s->inject->after : NULL;
}

/* B waits, without its first GONE bytes, which have left. */
static void wait_with(struct session *s, const struct batch *b, size_t gone)
{
	struct outq *behind = behind_file(s);

	if (outq_len(&s->out) == 0)
		s->last_progress = s->bridge->now;
	if (keep(behind ? behind : &s->out, b, gone) < 0)
		session_abort(s, "out of memory");
}

/* Does more wait than should? */
static void check_queue(struct session *s)
{
	size_t waits = session_queued(s);

	if (s->state == SESSION_OPEN && waits > s->conf->queue)
		too_slow(s, behind_file(s), waits - s->conf->queue);
}

void session_share_wait(struct session *s)
{
	session_wait(s, 0);
	s->hub->fan->unwritten += !s->unwritten;
	s->unwritten = true;
}

/* B is for another turn of the loop. */
static void put_off(struct session *s, const struct batch *b)
{
	wait_with(s, b, 0);
	if (s->state == SESSION_DEAD) /* out of memory */
		return;
	session_share_wait(s);
}

void session_share_written(struct session *s, bool taken)
{
	s->unwritten = false;
	s->hub->fan->unwritten--;
	if (!taken || behind_file(s))
		check_queue(s);
}

void session_share(struct session *s, const struct batch *b)
{
	bool idle = outq_len(&s->out) == 0 && !behind_file(s);
	ssize_t n = 0;

	if (has_heard_all(s))
		return;
	count(s, &b->traffic);
	if (s->unwritten || (idle && turn_is_long(&s->bridge->turn))) {
		put_off(s, b);
		return;
	}
	if (idle && b->bytes > OUTQ_WRITE) { /* a part of it now */
		wait_with(s, b, 0);
		if (!session_flush(s))
			check_queue(s);
		session_proceed(s);
		return;
	}
	if (idle) {
		s->last_progress = s->bridge->now;
		n = stream_writev(&s->client, b->iov, b->n);
		if (n < 0) {
			session_lost(s, n);
			return;
		}
	}
	if ((size_t)n == b->bytes)
		return;
	wait_with(s, b, (size_t)n);
	check_queue(s);
	session_proceed(s);
}

void session_share_later(struct session *s, const struct batch *b)
{
	if (has_heard_all(s))
		return;
	count(s, &b->traffic);
	put_off(s, b);
}
