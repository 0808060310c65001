/* SPDX-License-Identifier: MIT */
/* frame = json: whom a program knows, and what it hears of them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hub_json_impl.h"
#include "session.h"

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
	for (size_t i = 0; i < j->n; i++)
		buf_free(&j->peers[i].open);
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

struct json_peer *hub_json_find(const struct hub_json *j, uint64_t id)
{
	size_t at = place_of(j, id);

	return at < j->n && j->peers[at].id == id ? &j->peers[at] : NULL;
}

static int add(struct hub_json *j, struct session *s)
{
	size_t at = place_of(j, s->id), cap = j->cap ? 2 * j->cap : 4;
	struct json_peer *more;

	if (j->n == j->cap) {
		more = reallocarray(j->peers, cap, sizeof(*more));
		if (!more)
			return -ENOMEM;
		j->peers = more;
		j->cap = cap;
	}
	memmove(&j->peers[at + 1], &j->peers[at], (j->n - at) * sizeof(*j->peers));
	j->peers[at] = (struct json_peer){ .id = s->id, .session = s };
	j->n++;
	return 0;
}

static void drop(struct hub_json *j, struct json_peer *p)
{
	buf_free(&p->open);
	j->n--;
	memmove(p, p + 1, (size_t)(&j->peers[j->n] - p) * sizeof(*p));
}

/* ---- to the program ---- */

/* Write LINE beside what may be gathered just now.  One that is still to open hears then
 * of those who are there (hub_json_again()). */
static void tell(struct hub *h, const struct buf *line)
{
	struct gather *g = &h->bridge->scratch.aside;

	if (h->opening)
		return;
	gather_reset(g);
	gather_add(g, buf_head(line), buf_len(line));
	h->source->ops->write(h->source, g);
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
		[JSON_REMOTE] = text_or_null(addr_text(s->peer, remote)),
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
	if (r == 0 && h->conf->restart != RESTART_NO)
		r = buf_join(&hub_json_find(h->json, s->id)->open, &line);
	buf_free(&line);
	return r;
}

void hub_json_reset(struct hub *h)
{
	framing_json_lines_free(&h->json->lines);
	h->json->lines.skipping = false;
}

void hub_json_again(struct hub *h)
{
	for (size_t i = 0; i < h->json->n; i++) {
		const struct json_peer *p = &h->json->peers[i];

		if (buf_len(&p->open) > 0)
			tell(h, &p->open);
		if (p->session->input_ended)
			hub_json_eof(h, p->session);
	}
}

void hub_json_close(struct hub *h, const struct session *s)
{
	struct json_peer *p = hub_json_find(h->json, s->id);
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
