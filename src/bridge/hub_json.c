/* SPDX-License-Identifier: MIT */
/* frame = json: clients' doings become lines, a program's lines become their messages. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "framing_json.h"
#include "hub_impl.h"
#include "hub_json.h"
#include "log.h"
#include "session.h"

/* A client that the program knows. */
struct peer {
	uint64_t id;
	struct session *session;
	uint64_t order; /* the last one that was, or was not to be, carried out on it */
};

struct hub_json {
	const struct hub_conf *conf;
	struct path_stats *stats; /* of the path; NULL: nobody has come yet */
	struct framing_json_lines lines;
	struct peer *peers; /* in the order of their ids */
	size_t n, cap;
	uint64_t order; /* the number of the one that is carried out */
};

struct hub_json *hub_json_new(const struct hub_conf *conf)
{
	struct hub_json *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->conf = conf;
	j->lines.most = FRAMING_JSON_LINE_MAX(conf->framing.max_message);
	return j;
}

void hub_json_free(struct hub_json *j)
{
	if (!j)
		return;
	framing_json_lines_free(&j->lines);
	free(j->peers);
	free(j);
}

/* ---- who is there ---- */

/* The place of ID among the peers, or where it would be. */
static size_t place_of(const struct hub_json *j, uint64_t id)
{
	size_t low = 0, high = j->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (j->peers[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct peer *find(const struct hub_json *j, uint64_t id)
{
	size_t at = place_of(j, id);

	return at < j->n && j->peers[at].id == id ? &j->peers[at] : NULL;
}

static int add(struct hub_json *j, struct session *s)
{
	size_t at = place_of(j, s->id), cap = j->cap ? 2 * j->cap : 4;
	struct peer *more;

	if (j->n == j->cap) {
		more = reallocarray(j->peers, cap, sizeof(*more));
		if (!more)
			return -ENOMEM;
		j->peers = more;
		j->cap = cap;
	}
	memmove(&j->peers[at + 1], &j->peers[at], (j->n - at) * sizeof(*j->peers));
	j->peers[at] = (struct peer){ .id = s->id, .session = s };
	j->n++;
	return 0;
}

static void drop(struct hub_json *j, struct peer *p)
{
	j->n--;
	memmove(p, p + 1, (size_t)(&j->peers[j->n] - p) * sizeof(*p));
}

/* ---- to the program ---- */

/* Write LINE, which is freed, beside what may be gathered just now. */
static void tell(struct hub *h, struct buf *line)
{
	struct gather *g = &h->bridge->scratch.aside;

	gather_reset(g);
	gather_give(g, line);
	if (buf_len(line) > 0)
		h->source->ops->write(h->source, g);
	buf_free(line);
}

static struct span text_or_null(const char *text)
{
	return (struct span){ text, text ? strlen(text) : 0 };
}

static int line_of_open(const struct session *s, const struct session_start *start,
			struct buf *line)
{
	char remote[ADDR_TEXT];
	const struct span fields[JSON_FIELDS] = {
		[JSON_PATH] = text_or_null(start->request_path),
		[JSON_QUERY] = start->query,
		[JSON_REMOTE] = text_or_null(addr_text(&s->peer, remote)),
		[JSON_USER] = text_or_null(s->user),
		[JSON_SUBPROTOCOL] = start->subprotocol,
	};

	return framing_json_open(line, s->id, fields);
}

int hub_json_open(struct hub *h, struct session *s, const struct session_start *start)
{
	struct buf line = { 0 };
	int r = -ENOBUFS; /* else who comes and goes would fill our memory */

	if (hub_kept(h) <= s->conf->queue)
		r = line_of_open(s, start, &line);
	if (r == 0)
		r = add(h->json, s);
	if (r == 0)
		tell(h, &line);
	h->json->stats = s->stats;
	buf_free(&line);
	return r;
}

void hub_json_close(struct hub *h, const struct session *s)
{
	struct peer *p = find(h->json, s->id);
	struct buf line = { 0 };

	if (!p)
		return;
	drop(h->json, p);
	if (framing_json_close(&line, s->id, s->close_code,
			       s->close_reason ? s->close_reason : "") == 0)
		tell(h, &line);
	buf_free(&line);
}

void hub_json_eof(struct hub *h, const struct session *s)
{
	struct buf line = { 0 };

	hub_flush(h);
	if (framing_json_eof(&line, s->id) == 0)
		tell(h, &line);
	buf_free(&line);
}

static void gather_line(struct hub *h, const char *p, size_t n)
{
	struct gather *g = &h->bridge->scratch.gather;

	if (!gather_fits(g, n))
		hub_flush(h);
	gather_copy(g, p, n);
}

void hub_json_input(struct hub *h, const struct session *s, enum opcode opcode,
		    const char *p, size_t n)
{
	char text[FRAMING_JSON_BODY];
	struct span tail = FRAMING_JSON_TAIL;

	gather_line(h, text, framing_json_head(s->id, opcode, text));
	while (n > 0) {
		size_t piece = n < FRAMING_JSON_PIECE ? n : FRAMING_JSON_PIECE;

		gather_line(h, text, framing_json_body(opcode, p, piece, text));
		p += piece;
		n -= piece;
	}
	gather_line(h, tail.p, tail.n);
}

/* ---- from the program ---- */

/* O's message, which is in the batch where there is a fan. */
static void say(struct hub *h, struct session *s, const struct framing_json_order *o)
{
	if (h->fan)
		session_share(s, &h->bridge->scratch.batch);
	else
		hub_send(h, s, o->opcode, o->message.p, o->message.n);
}

/* Carry O out on P, unless that has been done, or is not to be. */
static void carry_out(struct hub *h, struct peer *p, const struct framing_json_order *o)
{
	struct session *s = p->session;

	if (p->order == h->json->order)
		return;
	p->order = h->json->order; /* P may go with its session */
	if (o->opcode != OP_CONTINUATION)
		say(h, s, o);
	if (o->close)
		session_close(s, o->close, o->reason, CLOSED_BY_BACKEND);
	session_proceed(s);
}

/* Those that O excepts need nothing any more. */
static void except(struct hub_json *j, struct span ids)
{
	uint64_t id;

	while (framing_json_next_id(&ids, &id)) {
		struct peer *p = find(j, id);

		if (p)
			p->order = j->order;
	}
}

static void carry_out_all(struct hub *h, const struct framing_json_order *o)
{
	struct hub_json *j = h->json;
	struct span ids = o->to;
	uint64_t id;

	j->order++;
	except(j, o->except);
	if (h->fan)
		fan_begin(h, o->opcode, o->message.p, o->message.n);
	for (size_t i = o->to_all ? j->n : 0;
	     i-- > 0;) /* one that ends leaves its place */
		carry_out(h, &j->peers[i], o);
	while (framing_json_next_id(&ids, &id)) {
		struct peer *p = find(j, id);

		if (p)
			carry_out(h, p, o);
		else if (j->stats)
			j->stats->json_unknown++;
	}
	if (h->fan)
		fan_end(h);
}

static void complain(const struct hub *h, const char *why, struct span line)
{
	char quoted[4 * FRAMING_JSON_FIRST + 4];

	if (line.n > FRAMING_JSON_FIRST)
		line.n = FRAMING_JSON_FIRST;
	log_printable(quoted, sizeof(quoted), line.p, line.n);
	if (h->json->stats)
		h->json->stats->json_skipped++;
	log_warning(hub_name(h),
		    "a line of the program is skipped: %s; it begins with \"%s\"", why,
		    quoted);
}

static void read_line(struct hub *h, struct span line)
{
	struct framing_json_order o;
	const char *wrong =
		framing_json_read(line, h->json->conf->framing.max_message, &o);

	if (wrong)
		complain(h, wrong, line);
	else
		carry_out_all(h, &o);
	framing_json_order_free(&o);
}

void hub_json_output(struct hub *h, const char *p, size_t n, bool eof)
{
	struct hub_json *j = h->json;
	struct span in = { p, n }, line;
	enum framing_json_cut r;

	while ((r = framing_json_cut(&j->lines, &in, eof, &line)) != JSON_MORE) {
		if (r == JSON_LINE)
			read_line(h, line);
		else
			complain(h, "it is too long for a message of max_message", line);
	}
}
