/* SPDX-License-Identifier: MIT */
/* What a source says goes to each of its hub's subscribers, built once. */
#include "fan.h"
#include "hub_impl.h"
#include "log.h"
#include "session.h"

#define MANY 64            /* clients; from there on a read is smaller ... */
#define LEAST 4096         /* ... but never than this */
#define PACKETS_OF_QUEUE 8 /* at least: what is dropped is dropped by the packet */

/* ---- to the clients ---- */

static void check_replay(struct hub *h, int e)
{
	if (e < 0)
		log_error(hub_name(h), "out of memory: replay lacks messages");
}

/* What was added to the batch goes to all. */
static void deliver(struct hub *h)
{
	struct batch *b = &h->bridge->scratch.batch;
	struct session *s, *next;

	batch_seal(b);
	if (b->lost)
		log_error(hub_name(h), "out of memory: clients miss a message");
	h->fan->delivering = true;
	for (unsigned i = 0; i < b->n; i++)
		check_replay(h, replay_add(&h->fan->replay, &h->conf->replay, b->at[i]));
	for (s = b->n > 0 ? LIST_FIRST(&h->fan->subscribers) : NULL; s; s = next) {
		next = LIST_NEXT(s, subscription);
		session_share(s, b);
	}
	h->fan->delivering = false;
	batch_reset(b);
}

/* A whole message of the source. */
static void add(struct hub *h, enum opcode opcode, const char *p, size_t n)
{
	struct batch *b = &h->bridge->scratch.batch;

	if (batch_is_full(b))
		deliver(h);
	batch_add(b, opcode, p, n, h->conf->max_frame, h->conf->queue / PACKETS_OF_QUEUE);
}

void fan_replay(struct hub *h, struct session *s)
{
	struct batch *b = &h->bridge->scratch.batch;
	struct replay *r = &h->fan->replay;

	check_replay(h, replay_trim(r, &h->conf->replay));
	for (unsigned i = 0; i < r->packets.n && s->hub == h;) {
		while (i < r->packets.n && !batch_is_full(b))
			batch_take(b, packet_ring_at(&r->packets, i++));
		h->fan->delivering = true;
		session_share(s, b);
		h->fan->delivering = false;
		batch_reset(b);
	}
}

/* ---- whole messages ---- */

/* As many of the first MOST bytes of N at P as are whole characters, if it is text. */
static size_t cut(enum opcode opcode, const char *p, size_t n, size_t most)
{
	if (n <= most)
		return n;
	while (opcode == OP_TEXT && most > 0 && ((unsigned char)p[most] & 0xC0) == 0x80)
		most--;
	return most;
}

static void tell_cut(struct hub *h)
{
	h->stats->cut++;
	log_warning(hub_name(h), "a message of the program is over max_message, and cut");
}

/* Keep a piece of a message that is not whole yet, up to max_message. */
static void keep(struct hub *h, const struct piece *piece)
{
	struct fan *f = h->fan;
	size_t room = h->conf->framing.max_message - buf_len(&f->message);
	size_t n = cut(f->opcode, piece->p, piece->n, room);

	if (f->too_long)
		return;
	f->too_long = buf_append(&f->message, piece->p, n, SIZE_MAX) < 0 || n < piece->n;
	if (f->too_long)
		tell_cut(h);
}

static void take_piece(struct hub *h, const struct piece *piece)
{
	struct fan *f = h->fan;
	size_t n;

	if (piece->last && !f->amid) {
		n = cut(piece->opcode, piece->p, piece->n, h->conf->framing.max_message);
		if (n < piece->n)
			tell_cut(h);
		add(h, piece->opcode, piece->p, n);
		return;
	}
	if (!f->amid)
		f->opcode = piece->opcode;
	f->amid = !piece->last;
	keep(h, piece);
	if (f->amid)
		return;
	add(h, f->opcode, buf_len(&f->message) > 0 ? buf_head(&f->message) : "",
	    buf_len(&f->message));
	buf_free(&f->message);
	f->too_long = false;
}

void fan_output(struct hub *h, const char *p, size_t n, bool eof)
{
	struct span in = { p, n };
	enum framing_result r;
	struct piece piece;
	struct ending broken = { .code = CLOSE_SERVER_ERROR };
	const char *reason;

	while ((r = framing_decode(&h->framing, &in, eof, &piece, &reason)) ==
	       FRAMING_PIECE)
		take_piece(h, &piece);
	deliver(h);
	if (r != FRAMING_BAD || (h->fan->state == FAN_RETIRED && h->fan->n == 0))
		return; /* all is well, or it is being stopped */
	hub_tell_broken(h, reason);
	snprintf(broken.reason, sizeof(broken.reason), "%s", reason);
	hub_source_ended(h, &broken);
}

void fan_say(struct hub *h, const char *p, size_t n)
{
	add(h, OP_TEXT, p, n);
}

void fan_say_end(struct hub *h)
{
	deliver(h);
}

void fan_forget(struct hub *h)
{
	h->fan->amid = h->fan->too_long = false;
	buf_free(&h->fan->message);
}

/* A read that goes to many is smaller, so that a turn of the loop stays short. */
static size_t turn(const struct fan *f)
{
	size_t n = f->n > MANY ? (size_t)TURN_BYTES * MANY / f->n : TURN_BYTES;

	return n > LEAST ? n : LEAST;
}

size_t fan_room(const struct hub *h)
{
	size_t room = h->conf->queue / 2 / hub_expansion(h); /* what is not full has it */
	size_t most = turn(h->fan);

	if (h->fan->delivering || h->fan->unwritten > 0 ||
	    (h->conf->slow_client == SLOW_PAUSE && h->fan->full > 0))
		return 0;
	return room < most ? room : most;
}

/* ---- from the clients ---- */

void fan_input_changed(struct hub *h)
{
	struct fan *f = h->fan;
	size_t kept = hub_kept(h);
	bool full = kept > (f->input_full ? h->conf->queue / 8 : h->conf->queue / 2);
	struct session *s;

	if (full == f->input_full)
		return;
	f->input_full = full;
	LIST_FOREACH(s, &f->subscribers, subscription) {
		session_proceed(s);
	}
}

/* ---- a terminal ---- */

void fan_resized(struct hub *h)
{
	struct session *s, *next;

	for (s = LIST_FIRST(&h->fan->subscribers); s; s = next) {
		next = LIST_NEXT(s, subscription);
		session_tell_size_in_time(s);
	}
}
