/* SPDX-License-Identifier: MIT */
/* The other side that sessions subscribe to: messages <-> the source's bytes. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "hub.h"
#include "hub_json.h"
#include "log.h"
#include "session.h"

static int open_charset(const struct framing_conf *conf, struct charset **ret)
{
	if (!conf->charset)
		return 0;
	return charset_open(conf->charset, CHARSET_ENCODE, conf->charset_error, ret);
}

/* What messages become on their way through H. */
static int open_framing(struct hub *h)
{
	const struct framing_conf *framing = &h->conf->framing;

	h->plain = !framing->charset && framing->kind != FRAMING_JSON;
	if (framing->kind == FRAMING_JSON && !(h->json = hub_json_new(h->conf)))
		return -ENOMEM;
	if (framing_init(&h->framing, framing) < 0)
		return -ENOMEM;
	return open_charset(framing, &h->charset);
}

struct hub *hub_new(struct bridge *b, const struct hub_conf *conf, void *keep)
{
	struct hub *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->bridge = b;
	h->conf = conf;
	h->keep = keep;
	if (open_framing(h) < 0) {
		framing_free(&h->framing);
		hub_json_free(h->json);
		free(h);
		return NULL;
	}
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
	charset_free(h->charset);
	hub_json_free(h->json);
	h->bridge->owner.unkeep(h->keep);
	free(h);
}

/* ---- while it opens ---- */

void hub_wait(struct hub *h, struct hub_waiter *w)
{
	LIST_INSERT_HEAD(&h->waiters, w, link);
}

void hub_abandon(struct hub *h)
{
	if (!h->subscriber && LIST_EMPTY(&h->waiters))
		h->source->ops->stop(h->source, false);
}

void hub_unwait(struct hub *h, struct hub_waiter *w)
{
	LIST_REMOVE(w, link);
	hub_abandon(h);
}

void hub_opened(struct hub *h, int error, const char *why)
{
	struct hub_waiter *w;

	h->opening = false;
	while ((w = LIST_FIRST(&h->waiters))) {
		LIST_REMOVE(w, link);
		w->opened(w, error, why);
	}
}

/* ---- subscribers ---- */

void hub_subscribe(struct hub *h, struct session *s)
{
	h->subscriber = s;
	h->source->ops->proceed(h->source);
}

int hub_introduce(struct hub *h, struct session *s, const struct session_start *start)
{
	return h->json ? hub_json_open(h, s, start) : 0;
}

void hub_leave(struct hub *h, const struct session *s, bool flush)
{
	if (h->json)
		hub_json_close(h, s);
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

/* A piece in the source's own charset. */
static struct refusal pass(struct hub *h, enum opcode opcode, bool last, char *p,
			   size_t n, struct buf *storage)
{
	struct gather *g = &h->bridge->scratch.gather;
	struct framing_ends ends;

	if (!framing_encode(&h->conf->framing, opcode, last, p, n, &ends))
		return (struct refusal){ CLOSE_POLICY, "separator inside a message" };
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
		return (struct refusal){ 0 };
	}
	gather_add(g, p, n);
	gather_add(g, ends.tail.p, ends.tail.n);
	return (struct refusal){ 0 };
}

/* A piece of text, which is UTF-8.  In raw the whole input is one text. */
static struct refusal pass_text(struct hub *h, bool last, const char *p, size_t n)
{
	bool ends = last && h->conf->framing.kind != FRAMING_RAW;
	struct refusal refused = { CLOSE_SERVER_ERROR, "out of memory" };
	struct buf out = { 0 };
	int r = charset_convert(h->charset, p, n, ends, &out);

	if (r == -EILSEQ)
		refused =
			(struct refusal){ CLOSE_POLICY,
					  "character that the program's charset lacks" };
	else if (r == 0 && buf_len(&out) > UINT32_MAX) /* more than u32be can have */
		refused = (struct refusal){ CLOSE_TOO_BIG, "message too big" };
	else if (r == 0)
		refused = pass(h, OP_TEXT, last, out.data, buf_len(&out), &out);
	buf_free(&out);
	return refused;
}

struct refusal hub_input(struct hub *h, const struct session *s, const struct ws_event *e)
{
	if (h->plain || (h->charset && e->opcode != OP_TEXT))
		return pass(h, e->opcode, e->last, e->p, e->n, e->storage);
	if (h->charset)
		return pass_text(h, e->last, e->p, e->n);
	hub_json_input(h, s, e->opcode, e->p, e->n);
	return (struct refusal){ 0 };
}

/* What brings the charset's shift state back belongs to the end of a raw input. */
static void end_text(struct hub *h)
{
	struct gather *g = &h->bridge->scratch.gather;
	struct buf out = { 0 };

	if (charset_convert(h->charset, "", 0, true, &out) == 0 && out.data) {
		if (!gather_fits(g, buf_len(&out)))
			hub_flush(h);
		gather_copy(g, out.data, buf_len(&out));
	}
	buf_free(&out);
}

void hub_finish(struct hub *h, const struct session *s)
{
	if (h->json) {
		hub_json_eof(h, s);
		return;
	}
	if (h->charset)
		end_text(h);
	hub_flush(h);
	h->source->ops->finish(h->source);
}

void hub_resize(struct hub *h, struct terminal_size size)
{
	if (h->source->ops->resize)
		h->source->ops->resize(h->source, size);
}

size_t hub_kept(const struct hub *h)
{
	return h->source->ops->kept(h->source);
}

long hub_pid(const struct hub *h)
{
	return h->source->ops->pid(h->source);
}

const struct addr *hub_service(const struct hub *h)
{
	const struct source_ops *ops = h->source->ops;

	return ops->peer ? ops->peer(h->source) : NULL;
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

/* Between two of the source's messages. */
static void boundary(struct hub *h, struct gather *g, struct traffic *t)
{
	deliver(h, g, t);
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

void hub_send(struct hub *h, enum opcode opcode, const char *p, size_t n)
{
	struct gather *g = &h->bridge->scratch.gather;
	struct piece piece = { .opcode = opcode, .last = true, .p = p, .n = n };
	struct traffic t = { 0 };

	gather_reset(g);
	add_piece(h, g, &piece, &t);
	deliver(h, g, &t);
}

void hub_output(struct hub *h, const char *p, size_t n, bool eof)
{
	struct gather *g = &h->bridge->scratch.gather;
	struct span in = { p, n };
	enum framing_result r;
	struct traffic t = { 0 };
	struct piece piece;
	const char *reason;
	bool last = !h->amid;

	if (h->json) {
		hub_json_output(h, p, n, eof);
		return;
	}
	gather_reset(g);
	while ((r = framing_decode(&h->framing, &in, eof, &piece, &reason)) ==
	       FRAMING_PIECE) {
		last = piece.last;
		if (!h->care || goes_on(h, g, &t, &piece))
			add_piece(h, g, &piece, &t);
	}
	h->amid = !last;
	deliver(h, g, &t);
	if (h->care && last)
		boundary(h, g, &t);
	if (r == FRAMING_BAD && h->subscriber)
		give_up(h, reason);
}

bool hub_cut(struct hub *h)
{
	bool measured = framing_traits(h->conf->framing.kind)->measured && !h->amid;
	bool forgotten = measured && framing_first(&h->framing).n > 0;

	if (measured)
		framing_restart(&h->framing);
	else
		hub_output(h, "", 0, true);
	return forgotten;
}

size_t hub_room(const struct hub *h)
{
	size_t most = h->framing.charset ? FRAMING_CHARSET_EXPANSION : FRAMING_EXPANSION;
	size_t room;

	if (h->conf->max_frame && h->conf->max_frame < 4) /* more header than reckoned */
		most *= 2;
	room = h->subscriber ? session_room(h->subscriber) / most : 0;
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

void hub_resized(struct hub *h, struct terminal_size size)
{
	h->terminal = size;
	if (h->subscriber)
		session_tell_size(h->subscriber);
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
