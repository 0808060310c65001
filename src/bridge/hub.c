/* SPDX-License-Identifier: MIT */
/* The other side that sessions subscribe to: messages <-> the source's bytes. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "hub_impl.h"
#include "hub_json.h"
#include "log.h"
#include "session.h"

static int open_charset(const struct framing_conf *conf, struct charset **ret)
{
	if (!conf->charset)
		return 0;
	return charset_open(conf->charset, CHARSET_ENCODE, conf->charset_error, ret);
}

/* May there be many subscribers, or one that the source does not wait for? */
static bool fans_out(const struct hub_conf *conf)
{
	return conf->process != PROCESS_EACH || conf->slow_client != SLOW_PAUSE ||
	       conf->framing.kind == FRAMING_JSON;
}

/* What messages become on their way through H, and whom they reach. */
static int open_parts(struct hub *h)
{
	const struct framing_conf *framing = &h->conf->framing;

	h->plain = !framing->charset && framing->kind != FRAMING_JSON;
	if (framing->kind == FRAMING_JSON && !(h->json = hub_json_new(h->conf)))
		return -ENOMEM;
	if (framing_init(&h->framing, framing) < 0)
		return -ENOMEM;
	if (fans_out(h->conf) && !(h->fan = fan_new(h)))
		return -ENOMEM;
	return open_charset(framing, &h->charset);
}

struct hub *hub_new(struct bridge *b, const struct hub_conf *conf,
		    struct path_stats *stats, void *keep)
{
	struct hub *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->bridge = b;
	h->conf = conf;
	h->stats = stats;
	h->keep = keep;
	if (open_parts(h) < 0) {
		framing_free(&h->framing);
		hub_json_free(h->json);
		fan_free(h->fan);
		free(h);
		return NULL;
	}
	LIST_INSERT_HEAD(&b->hubs, h, link);
	return h;
}

int hub_reset(struct hub *h)
{
	framing_free(&h->framing);
	charset_free(h->charset);
	h->framing = (struct framing){ 0 };
	h->charset = NULL;
	if (h->json)
		hub_json_reset(h);
	if (framing_init(&h->framing, &h->conf->framing) < 0)
		return -ENOMEM;
	return open_charset(&h->conf->framing, &h->charset);
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
	fan_free(h->fan);
	h->bridge->owner.unkeep(h->keep);
	free(h);
}

const char *hub_name(const struct hub *h)
{
	static char text[SESSION_WHO];
	const struct session *s = h->subscriber;

	if (h->fan && h->fan->owner)
		return session_who(h->fan->id, h->fan->path, text);
	if (h->fan)
		s = LIST_FIRST(&h->fan->subscribers);
	return s ? session_who(s->id, s->path, text) : "";
}

void hub_reap(struct hub *h)
{
	bool again = h->fan && fan_comes_again(h);

	if (!again && hub_clients(h) == 0) {
		hub_free(h);
		return;
	}
	h->source->ops->free(h->source);
	LIST_REMOVE(h, link);
	LIST_INSERT_HEAD(&h->bridge->hubs, h, link);
	if (again)
		fan_wait(h);
	else
		fan_have_nothing(h);
}

/* ---- while it opens ---- */

void hub_wait(struct hub *h, struct hub_waiter *w)
{
	LIST_INSERT_HEAD(&h->waiters, w, link);
	if (h->fan)
		fan_expect(h);
}

void hub_abandon(struct hub *h)
{
	if (h->fan)
		fan_check_idle(h, false);
	else if (!h->subscriber && LIST_EMPTY(&h->waiters))
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
	if (h->fan)
		fan_opened(h, error, why);
	while ((w = LIST_FIRST(&h->waiters))) {
		LIST_REMOVE(w, link);
		w->opened(w, error, why);
	}
}

/* ---- subscribers ---- */

void hub_subscribe(struct hub *h, struct session *s)
{
	if (h->fan)
		fan_subscribe(h, s);
	else
		h->subscriber = s;
	h->source->ops->proceed(h->source);
}

int hub_introduce(struct hub *h, struct session *s, const struct session_start *start)
{
	if (h->fan)
		fan_replay(h, s);
	return h->json ? hub_json_open(h, s, start) : 0;
}

void hub_leave(struct hub *h, struct session *s, bool flush)
{
	if (h->json)
		hub_json_close(h, s);
	if (h->fan) {
		fan_leave(h, s, flush);
		return;
	}
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
	if (h->fan)
		fan_input_changed(h);
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
		refused = pass(h, OP_TEXT, last, buf_head(&out), buf_len(&out), &out);
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

	if (charset_convert(h->charset, "", 0, true, &out) == 0 && buf_len(&out) > 0) {
		if (!gather_fits(g, buf_len(&out)))
			hub_flush(h);
		gather_copy(g, buf_head(&out), buf_len(&out));
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
	h->input_ended = true;
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

unsigned hub_clients(const struct hub *h)
{
	if (!h)
		return 0;
	return h->fan ? h->fan->n : h->subscriber != NULL;
}

/* ---- source -> clients ---- */

void hub_output(struct hub *h, const char *p, size_t n, bool eof)
{
	if (h->json)
		hub_json_output(h, p, n, eof);
	else if (h->fan)
		fan_output(h, p, n, eof);
	else
		hub_stream_output(h, p, n, eof);
}

size_t hub_expansion(const struct hub *h)
{
	size_t most = h->framing.charset ? FRAMING_CHARSET_EXPANSION : FRAMING_EXPANSION;

	if (h->conf->max_frame && h->conf->max_frame < 4) /* more header than reckoned */
		most *= 2;
	return most;
}

bool hub_cut(struct hub *h)
{
	bool amid = !h->fan && h->amid; /* pieces of it have gone to the client */
	bool measured = framing_traits(h->conf->framing.kind)->measured && !amid;
	bool forgotten = measured && framing_first(&h->framing).n > 0;

	if (measured && h->fan)
		fan_forget(h);
	if (measured)
		framing_restart(&h->framing);
	else
		hub_output(h, "", 0, true);
	return forgotten;
}

size_t hub_room(const struct hub *h)
{
	return h->fan ? fan_room(h) : hub_stream_room(h);
}

void hub_proceed(struct hub *h)
{
	h->source->ops->proceed(h->source);
}

void hub_source_drained(struct hub *h)
{
	if (h->fan)
		fan_input_changed(h);
	else if (h->subscriber)
		session_proceed(h->subscriber);
}

void hub_resized(struct hub *h, struct terminal_size size)
{
	h->terminal = size;
	if (h->fan)
		fan_resized(h);
	else if (h->subscriber)
		session_tell_size(h->subscriber);
}

void hub_source_ended(struct hub *h, const struct ending *e)
{
	struct session *s = h->subscriber;

	if (h->fan) {
		fan_ended(h, e);
	} else if (s) {
		session_backend_ended(s, e);
		session_proceed(s);
	} else {
		h->source->ops->stop(h->source, false);
	}
}

void hub_source_gone(struct hub *h)
{
	if (h->fan)
		fan_source_gone(h);
	LIST_REMOVE(h, link);
	LIST_INSERT_HEAD(&h->bridge->dead_hubs, h, link);
}
