/* SPDX-License-Identifier: MIT */
/* The last messages of a hub, for clients that come late. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "frame.h"
#include "replay.h"

/* Drop the first packet. */
static void shift(struct replay *r)
{
	struct packet *p = packet_ring_take(&r->packets, 0);

	r->messages -= p->traffic.messages;
	r->bytes -= p->n;
	packet_unref(p);
}

/* Without the first N bytes, which are MESSAGES, is R still all that CONF wants? */
static bool is_enough_without(const struct replay *r, const struct replay_conf *conf,
			      uint64_t messages, size_t n)
{
	return (conf->messages > 0 && r->messages - messages >= conf->messages) ||
	       r->bytes - n >= conf->bytes;
}

/* Are both small, P and the last of R? */
static bool joins_last(const struct replay *r, const struct packet *p)
{
	return r->packets.n > 0 &&
	       packet_ring_at(&r->packets, r->packets.n - 1)->n + p->n <= REPLAY_SMALL;
}

/* A copy of P behind one of the last packet takes the place of that. */
static int join_last(struct replay *r, const struct packet *p)
{
	unsigned at = r->packets.n - 1;
	const struct packet *last = packet_ring_at(&r->packets, at);
	struct packet *both = packet_new(last->n + p->n);

	if (!both)
		return -ENOMEM;
	memcpy(both->data, last->data, last->n);
	memcpy(both->data + last->n, p->data, p->n);
	both->traffic.messages = last->traffic.messages + p->traffic.messages;
	both->traffic.bytes = last->traffic.bytes + p->traffic.bytes;
	packet_ring_replace(&r->packets, at, both);
	return 0;
}

static int append(struct replay *r, struct packet *p)
{
	int e = packet_ring_push(&r->packets, packet_ref(p));

	if (e < 0)
		packet_unref(p);
	return e;
}

int replay_add(struct replay *r, const struct replay_conf *conf, struct packet *p)
{
	int e;

	if (conf->bytes == 0)
		return 0;
	e = joins_last(r, p) ? join_last(r, p) : append(r, p);
	if (e < 0) {
		replay_free(r);
		return e;
	}
	r->messages += p->traffic.messages;
	r->bytes += p->n;
	while (r->packets.n > 1) {
		const struct packet *first = packet_ring_at(&r->packets, 0);

		if (!is_enough_without(r, conf, first->traffic.messages, first->n))
			break;
		shift(r);
	}
	return 0;
}

/* The whole frames of the message that begins AT in P: their end; *ret_bytes are its
 * payload. */
static size_t message_end(const struct packet *p, size_t at, uint64_t *ret_bytes)
{
	struct frame_header h;

	*ret_bytes = 0;
	do {
		(void)frame_decode(p->data + at, &h); /* we have made it */
		at += h.size + (size_t)h.length;
		*ret_bytes += h.length;
	} while (!h.fin);
	return at;
}

/* P without the first AT bytes, which are T; NULL: out of memory. */
static struct packet *rest_of(const struct packet *p, size_t at, struct traffic t)
{
	struct packet *rest = packet_new(p->n - at);

	if (!rest)
		return NULL;
	memcpy(rest->data, p->data + at, rest->n);
	rest->traffic.messages = p->traffic.messages - t.messages;
	rest->traffic.bytes = p->traffic.bytes - t.bytes;
	return rest;
}

static bool is_within(const struct replay *r, const struct replay_conf *conf,
		      uint64_t messages, size_t n)
{
	return (conf->messages == 0 || r->messages - messages <= conf->messages) &&
	       r->bytes - n <= conf->bytes;
}

int replay_trim(struct replay *r, const struct replay_conf *conf)
{
	const struct packet *first;
	struct packet *rest;
	struct traffic t = { 0 };
	uint64_t bytes;
	size_t at = 0;

	if (r->packets.n == 0)
		return 0;
	first = packet_ring_at(&r->packets, 0);
	while (at < first->n && !is_within(r, conf, t.messages, at)) {
		at = message_end(first, at, &bytes);
		t.messages++;
		t.bytes += bytes;
	}
	if (at == 0)
		return 0;
	if (at == first->n) {
		shift(r);
		return 0;
	}
	rest = rest_of(first, at, t);
	if (!rest) {
		shift(r);
		return -ENOMEM;
	}
	packet_ring_replace(&r->packets, 0, rest);
	r->messages -= t.messages;
	r->bytes -= at;
	return 0;
}

void replay_free(struct replay *r)
{
	packet_ring_free(&r->packets);
	*r = (struct replay){ 0 };
}
