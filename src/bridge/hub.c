/* SPDX-License-Identifier: MIT */
/* The other side that sessions subscribe to: messages <-> the source's bytes. */
#include <assert.h>
#include <stdlib.h>

#include "hub.h"
#include "log.h"
#include "session.h"

struct hub *hub_new(struct bridge *b, const struct hub_conf *conf, void *keep)
{
	struct hub *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->bridge = b;
	h->conf = conf;
	h->keep = keep;
	framing_init(&h->framing, &conf->framing);
	LIST_INSERT_HEAD(&b->hubs, h, link);
	return h;
}

void hub_attach(struct hub *h, struct source *source)
{
	h->source = source;
}

void hub_free(struct hub *h)
{
	if (!h)
		return;
	assert(!h->subscriber);
	LIST_REMOVE(h, link);
	if (h->source)
		h->source->ops->free(h->source);
	framing_free(&h->framing);
	h->bridge->owner.unkeep(h->keep);
	free(h);
}

void hub_subscribe(struct hub *h, struct session *s)
{
	h->subscriber = s;
	h->source->ops->proceed(h->source);
}

void hub_leave(struct hub *h, bool flush)
{
	h->subscriber = NULL;
	h->source->ops->stop(h->source, flush);
}

/* ---- client -> source ---- */

void hub_flush(struct hub *h)
{
	struct gather *g = &h->bridge->scratch.gather;

	if (g->bytes == 0)
		return;
	h->source->ops->write(h->source, g);
	gather_reset(g);
}

bool hub_input(struct hub *h, enum opcode opcode, bool last, char *p, size_t n,
	       struct buf *storage)
{
	struct gather *g = &h->bridge->scratch.gather;
	struct framing_ends ends;

	if (!framing_encode(&h->conf->framing, opcode, last, p, n, &ends))
		return false;
	if (ends.head_n > 0) {
		if (!gather_fits(g, ends.head_n))
			hub_flush(h);
		gather_copy(g, ends.head, ends.head_n);
	}
	if (!gather_fits(g, (n < GATHER_REF_MIN ? n : 0) + ends.tail.n))
		hub_flush(h);
	if (storage && n >= GATHER_REF_MIN) {
		gather_give(g, storage); /* so that a large message is held once */
		gather_add(g, ends.tail.p, ends.tail.n);
		hub_flush(h);
		return true;
	}
	gather_add(g, p, n);
	gather_add(g, ends.tail.p, ends.tail.n);
	return true;
}

void hub_finish(struct hub *h)
{
	hub_flush(h);
	h->source->ops->finish(h->source);
}

size_t hub_kept(const struct hub *h)
{
	return h->source->ops->kept(h->source);
}

/* ---- source -> clients ---- */

/* Hand the frames gathered so far, T of them messages, to the subscriber. */
static void deliver(struct hub *h, struct gather *g, struct traffic *t)
{
	if (h->subscriber)
		session_deliver(h->subscriber, g, t);
	gather_reset(g);
	*t = (struct traffic){ 0 };
}

/* One frame of PIECE's bytes. */
static void add_frame(struct gather *g, enum opcode opcode, bool fin, const char *p,
		      size_t n)
{
	char header[FRAME_SERVER_HEADER_MAX];

	gather_copy(g, header, frame_encode(header, opcode, fin, n));
	gather_add(g, p, n);
}

/* A message or a piece of one, as frames of at most max_frame bytes. */
static void add_piece(struct hub *h, struct gather *g, const struct piece *piece,
		      struct traffic *t)
{
	size_t most = h->conf->max_frame ? h->conf->max_frame : piece->n;
	enum opcode opcode = piece->opcode;
	const char *p = piece->p;
	size_t left = piece->n;

	do {
		size_t n = left < most ? left : most;

		if (!gather_fits(g,
				 (n < GATHER_REF_MIN ? n : 0) + FRAME_SERVER_HEADER_MAX))
			deliver(h, g, t);
		left -= n;
		add_frame(g, opcode, piece->last && left == 0, p, n);
		opcode = OP_CONTINUATION;
		p += n;
	} while (left > 0);
	t->messages += piece->last;
	t->bytes += piece->n;
	if (piece->transient && piece->n >= GATHER_REF_MIN) /* g refers to it */
		deliver(h, g, t);
}

/* The source broke its framing, or said what may not pass. */
static void give_up(struct hub *h, const char *reason)
{
	struct span first = framing_first(&h->framing);
	struct session *s = h->subscriber;
	char who[SESSION_WHO], quoted[4 * FRAMING_FIRST + 4];

	log_printable(quoted, sizeof(quoted), first.p, first.n);
	session_who(s->id, s->path, who);
	if (first.n > 0)
		log_warning(who, "%s; it begins with \"%s\"", reason, quoted);
	session_close(s, CLOSE_SERVER_ERROR, reason, CLOSED_BY_BACKEND);
	session_proceed(s);
}

void hub_output(struct hub *h, const char *p, size_t n, bool eof)
{
	struct gather *g = &h->bridge->scratch.gather;
	struct span in = { p, n };
	enum framing_result r;
	struct traffic t = { 0 };
	struct piece piece;
	const char *reason;

	gather_reset(g);
	while ((r = framing_decode(&h->framing, &in, eof, &piece, &reason)) ==
	       FRAMING_PIECE)
		add_piece(h, g, &piece, &t);
	deliver(h, g, &t);
	if (r == FRAMING_BAD && h->subscriber)
		give_up(h, reason);
}

size_t hub_room(const struct hub *h)
{
	/* Small frames have more header than FRAMING_EXPANSION reckons with. */
	size_t most = h->conf->max_frame && h->conf->max_frame < 4 ? 2 * FRAMING_EXPANSION
								   : FRAMING_EXPANSION;
	size_t room = h->subscriber ? session_room(h->subscriber) / most : 0;

	return room < TURN_BYTES ? room : TURN_BYTES;
}

void hub_proceed(struct hub *h)
{
	h->source->ops->proceed(h->source);
}

void hub_source_drained(struct hub *h)
{
	if (h->subscriber)
		session_proceed(h->subscriber);
}

void hub_source_ended(struct hub *h, const struct ending *e)
{
	struct session *s = h->subscriber;

	if (s) {
		session_backend_ended(s, e);
		session_proceed(s);
	} else {
		h->source->ops->stop(h->source, false);
	}
}

void hub_source_gone(struct hub *h)
{
	LIST_REMOVE(h, link);
	LIST_INSERT_HEAD(&h->bridge->dead_hubs, h, link);
}
