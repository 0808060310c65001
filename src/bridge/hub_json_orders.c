/* SPDX-License-Identifier: MIT */
/*
 * frame = json: what a program orders is carried out.
 *
 * The messages of consecutive orders for the same clients are one batch; what a read of
 * the program has for a client is queued, and written at the end of the turn at once.
 */
#include <stdlib.h>
#include <string.h>

#include "hub_impl.h"
#include "hub_json_impl.h"
#include "log.h"
#include "session.h"

#define PACKETS_OF_QUEUE 8 /* at least: what is dropped is dropped by the packet */

/* ---- to the clients ---- */

/* Those of IDS get nothing of the order that is carried out. */
static void except(struct hub_json *j, struct span ids)
{
	uint64_t id;

	while (framing_json_next_id(&ids, &id)) {
		struct json_peer *p = hub_json_find(j, id);

		if (p)
			p->order = j->order;
	}
}

/* What is done for one client; it may go with that. */
typedef void peer_action(struct hub *h, struct json_peer *p, const void *with);

static void act(struct hub *h, struct json_peer *p, peer_action *action, const void *with)
{
	if (p->order == h->json->order) /* it was named twice, or is excepted */
		return;
	p->order = h->json->order;
	action(h, p, with);
}

/* ACTION for each client that is named: how many are not there. */
static unsigned for_each(struct hub *h, bool all, struct span to, struct span excepted,
			 peer_action *action, const void *with)
{
	struct hub_json *j = h->json;
	unsigned unknown = 0;
	uint64_t id;

	j->order++;
	except(j, excepted);
	for (size_t i = all ? j->n : 0; i-- > 0;) /* one that goes leaves its place */
		act(h, &j->peers[i], action, with);
	while (framing_json_next_id(&to, &id)) {
		struct json_peer *p = hub_json_find(j, id);

		if (p)
			act(h, p, action, with);
		else
			unknown++;
	}
	return unknown;
}

/* ---- messages ---- */

static void share(struct hub *h, struct json_peer *p, const void *with)
{
	(void)with;
	session_share_later(p->session, &h->bridge->scratch.batch);
}

/* The batch goes to those whom G names, or O if it is not NULL. */
static void hand_out(struct hub *h, const struct framing_json_order *o)
{
	struct json_group *g = &h->json->group;
	struct batch *b = &h->bridge->scratch.batch;
	struct span to = { g->ids, g->to_n },
		    excepted = { g->ids + g->to_n, g->except_n };

	if (g->orders == 0)
		return;
	batch_seal(b);
	if (b->lost)
		log_error(hub_name(h), "out of memory: clients miss a message");
	h->stats->json_unknown +=
		g->orders * (o ? for_each(h, o->to_all, o->to, o->except, share, NULL)
			       : for_each(h, g->all, to, excepted, share, NULL));
	batch_reset(b);
	g->orders = 0;
}

/* Is O for those whom the batch is for? */
static bool is_for_group(const struct json_group *g, const struct framing_json_order *o)
{
	return g->all == o->to_all && g->to_n == o->to.n && g->except_n == o->except.n &&
	       (g->to_n == 0 || memcmp(g->ids, o->to.p, g->to_n) == 0) &&
	       (g->except_n == 0 ||
		memcmp(g->ids + g->to_n, o->except.p, g->except_n) == 0);
}

/* From now on the batch is for those of O.  False: they are too many to be noted. */
static bool set_group(struct json_group *g, const struct framing_json_order *o)
{
	*g = (struct json_group){ .all = o->to_all };
	if (o->to.n > sizeof(g->ids) || o->except.n > sizeof(g->ids) - o->to.n)
		return false;
	g->to_n = o->to.n;
	g->except_n = o->except.n;
	if (g->to_n > 0)
		memcpy(g->ids, o->to.p, g->to_n);
	if (g->except_n > 0)
		memcpy(g->ids + g->to_n, o->except.p, g->except_n);
	return true;
}

static void say(struct hub *h, const struct framing_json_order *o)
{
	struct json_group *g = &h->json->group;
	struct batch *b = &h->bridge->scratch.batch;
	bool noted = true;

	if (g->orders > 0 && (!is_for_group(g, o) || batch_is_full(b)))
		hand_out(h, NULL);
	if (g->orders == 0)
		noted = set_group(g, o);
	g->orders++;
	batch_add(b, o->opcode, o->message.p, o->message.n, h->conf->max_frame,
		  h->conf->queue / PACKETS_OF_QUEUE);
	if (!noted)
		hand_out(h, o);
}

/* ---- orders ---- */

static void close_one(struct hub *h, struct json_peer *p, const void *with)
{
	const struct framing_json_order *o = with;
	struct session *s = p->session;
	struct ending e = { .code = o->close };

	(void)h;
	snprintf(e.reason, sizeof(e.reason), "%s", o->reason);
	session_backend_ended(s, &e);
	session_proceed(s);
}

static void carry_out(struct hub *h, const struct framing_json_order *o)
{
	unsigned unknown;

	if (o->opcode != OP_CONTINUATION)
		say(h, o);
	if (!o->close)
		return;
	hand_out(h, NULL);
	unknown = for_each(h, o->to_all, o->to, o->except, close_one, o);
	if (o->opcode == OP_CONTINUATION) /* else they are counted */
		h->stats->json_unknown += unknown;
}

static void complain(const struct hub *h, const char *why, struct span line)
{
	char quoted[4 * FRAMING_JSON_FIRST + 4];

	if (line.n > FRAMING_JSON_FIRST)
		line.n = FRAMING_JSON_FIRST;
	log_printable(quoted, sizeof(quoted), line.p, line.n);
	h->stats->json_skipped++;
	log_warning(hub_name(h),
		    "a line of the program is skipped: %s; it begins with \"%s\"", why,
		    quoted);
}

static void read_line(struct hub *h, struct span line)
{
	struct framing_json_order o;
	const char *wrong = framing_json_read(line, h->conf->framing.max_message, &o);

	if (wrong)
		complain(h, wrong, line);
	else
		carry_out(h, &o);
	framing_json_order_free(&o);
}

void hub_json_output(struct hub *h, const char *p, size_t n, bool eof)
{
	struct hub_json *j = h->json;
	struct span in = { p, n }, line;
	enum framing_json_cut r;

	h->fan->delivering = true;
	while ((r = framing_json_cut(&j->lines, &in, eof, &line)) != JSON_MORE) {
		if (r == JSON_LINE)
			read_line(h, line);
		else
			complain(h, "it is too long for a message of max_message", line);
	}
	hand_out(h, NULL);
	h->fan->delivering = false;
}
