/* SPDX-License-Identifier: MIT */
/* What a source says goes to its hub's one subscriber as it comes, and is not held. */
#include "hub_impl.h"
#include "log.h"
#include "session.h"

/* Hand the frames gathered so far, T of them messages, to S (or nobody). */
static void deliver(struct session *s, struct gather *g, struct traffic *t)
{
	if (s)
		session_deliver(s, g, t);
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

/* A message or a piece of one, as frames of at most max_frame bytes; what G has no room
 * for, S gets at once. */
static void add_piece(const struct hub *h, struct session *s, struct gather *g,
		      const struct piece *piece, struct traffic *t)
{
	size_t most = h->conf->max_frame ? h->conf->max_frame : piece->n;
	enum opcode opcode = piece->opcode;
	const char *p = piece->p;
	size_t left = piece->n;

	do {
		size_t n = left < most ? left : most;

		if (!gather_fits(g,
				 (n < GATHER_REF_MIN ? n : 0) + FRAME_SERVER_HEADER_MAX))
			deliver(s, g, t);
		left -= n;
		add_frame(g, opcode, piece->last && left == 0, p, n);
		opcode = OP_CONTINUATION;
		p += n;
	} while (left > 0);
	t->messages += piece->last;
	t->bytes += piece->n;
	if (piece->transient && piece->n >= GATHER_REF_MIN) /* g refers to it */
		deliver(s, g, t);
}

void hub_tell_broken(const struct hub *h, const char *reason)
{
	struct span first = framing_first(&h->framing);
	char quoted[4 * FRAMING_FIRST + 4];

	log_printable(quoted, sizeof(quoted), first.p, first.n);
	if (first.n > 0)
		log_warning(hub_name(h), "%s; it begins with \"%s\"", reason, quoted);
}

/* The source broke its framing, or said what may not pass. */
static void give_up(struct hub *h, const char *reason)
{
	struct session *s = h->subscriber;

	hub_tell_broken(h, reason);
	session_close(s, CLOSE_SERVER_ERROR, reason, CLOSED_BY_BACKEND);
	session_proceed(s);
}

/* Between two of the source's messages. */
static void boundary(struct hub *h, struct gather *g, struct traffic *t)
{
	deliver(h->subscriber, g, t);
	if (h->subscriber)
		session_boundary(h->subscriber);
}

/* Before PIECE: is it to go as usual?  What waits for the end of the one before it goes
 * now. */
static bool goes_on(struct hub *h, struct gather *g, struct traffic *t,
		    const struct piece *piece)
{
	bool dropped = h->dropping;

	if (!h->amid && !dropped)
		boundary(h, g, t);
	h->amid = !piece->last;
	if (dropped && piece->last) {
		h->dropping = false;
		boundary(h, g, t);
	}
	return !dropped;
}

void hub_stream_output(struct hub *h, const char *p, size_t n, bool eof)
{
	struct gather *g = &h->bridge->scratch.gather;
	struct span in = { p, n };
	enum framing_result r;
	struct traffic t = { 0 };
	struct piece piece;
	const char *reason;
	bool last = !h->amid;

	gather_reset(g);
	while ((r = framing_decode(&h->framing, &in, eof, &piece, &reason)) ==
	       FRAMING_PIECE) {
		last = piece.last;
		if (!h->care || goes_on(h, g, &t, &piece))
			add_piece(h, h->subscriber, g, &piece, &t);
	}
	h->amid = !last;
	deliver(h->subscriber, g, &t);
	if (h->care && last)
		boundary(h, g, &t);
	if (r == FRAMING_BAD && h->subscriber)
		give_up(h, reason);
}

size_t hub_stream_room(const struct hub *h)
{
	size_t room = h->subscriber ? session_room(h->subscriber) / hub_expansion(h) : 0;

	return room < TURN_BYTES ? room : TURN_BYTES;
}

/* ---- other messages ---- */

void hub_send(struct hub *h, struct session *s, enum opcode opcode, const char *p,
	      size_t n)
{
	struct gather *g = &h->bridge->scratch.gather;
	struct piece piece = { .opcode = opcode, .last = true, .p = p, .n = n };
	struct traffic t = { 0 };

	gather_reset(g);
	add_piece(h, s, g, &piece, &t);
	deliver(s, g, &t);
}
