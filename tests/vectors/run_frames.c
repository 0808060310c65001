/* SPDX-License-Identifier: MIT */
/*
 * Runs frame vectors through the ws machine, however their bytes are cut, and prints TAP.
 *
 * Each vector runs with messages told whole and told in pieces, and for both: in one
 * chunk, byte by byte, and cut in two at every offset.  Bounds for large ones: over 1 MiB
 * "byte by byte" is 997 bytes at a time; over 2 KiB the cuts are the first and last EDGE
 * offsets and EDGE more evenly between them, EDGE being 64, or 8 over 1 MiB.
 *
 * usage: run_frames FILE...
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame_vector.h"

#define LARGE (2 * 1024)
#define HUGE_SIZE (1024 * 1024)

/* How the bytes are cut: FIRST bytes in one chunk, what remains STEP at a time. */
struct cutting {
	size_t first, step;
};

/* One run of a vector. */
struct run {
	struct ws ws;
	struct told told;
	struct buf joined; /* pieces of the message under way */
	bool open;         /* there is one */
	size_t fed;        /* bytes so far */
	size_t ended;      /* fed when the connection ended; SIZE_MAX: it did not */
	const char *fault; /* a promise of ws.h that was broken, NULL: none */
};

static void expect(struct run *r, bool holds, const char *fault)
{
	if (!holds && !r->fault)
		r->fault = fault;
}

static void on_data(struct run *r, const struct ws_event *e)
{
	expect(r, e->first == !r->open, "first is not set on the first piece alone");
	expect(r, e->n > 0 || e->first || e->last,
	       "an empty piece in the middle was told");
	expect(r, !r->ws.conf->whole || (e->first && e->last),
	       "a whole message came in pieces");
	if (buf_append(&r->joined, e->p, e->n, SIZE_MAX) < 0)
		abort();
	r->open = !e->last;
	if (!e->last)
		return;
	told_add(&r->told, WS_DATA, e->opcode, 0, buf_head(&r->joined),
		 buf_len(&r->joined));
	buf_free(&r->joined);
}

static void on_event(struct run *r, const struct ws_event *e)
{
	expect(r, r->ended == SIZE_MAX, "an event after the end");
	if (e->type == WS_DATA) {
		on_data(r, e);
		return;
	}
	told_add(&r->told, e->type, 0, e->code, e->p, e->n);
	if (e->type == WS_CLOSE || e->type == WS_FAIL)
		r->ended = r->fed;
	if (e->type == WS_FAIL)
		expect(r, e->reason && strlen(e->reason) <= 123,
		       "a failure without a short reason");
}

/* DESIGN 5: what is held never exceeds 1.1 x the bytes on the wire + 4 KiB. */
static void check_memory(struct run *r)
{
	expect(r, buf_cap(&r->ws.message) <= r->fed + r->fed / 10 + 4096,
	       "too much memory");
}

/* Feed N bytes, in memory of exactly that size. */
static void feed(struct run *r, const char *bytes, size_t n)
{
	char *chunk = malloc(n), *p = chunk;
	struct ws_event e;

	if (!chunk)
		abort();
	memcpy(chunk, bytes, n);
	r->fed += n;
	do {
		ws_next(&r->ws, &p, chunk + n, &e);
		check_memory(r);
		if (e.type != WS_MORE)
			on_event(r, &e);
	} while (e.type != WS_MORE);
	expect(r, p == chunk + n, "WS_MORE, and bytes are left");
	free(chunk);
}

static void run_cut(const struct frame_vector *v, const struct ws_conf *conf,
		    struct cutting cut, struct run *r)
{
	size_t n = buf_len(&v->bytes), at = 0, step = cut.first;

	*r = (struct run){ .ended = SIZE_MAX };
	ws_init(&r->ws, conf);
	for (; at < n; at += step, step = cut.step) {
		if (step > n - at)
			step = n - at;
		if (step > 0)
			feed(r, buf_head(&v->bytes) + at, step);
	}
	ws_free(&r->ws);
	expect(r, !r->ws.message.store, "memory is not given back");
	buf_free(&r->joined);
}

static bool report(const struct frame_vector *v, const struct ws_conf *conf,
		   struct cutting cut, const struct run *r)
{
	printf("# %s:%u: %s, cut after %zu, then every %zu bytes: %s\n", v->file, v->line,
	       conf->whole ? "whole messages" : "pieces", cut.first, cut.step,
	       r->fault ? r->fault : "other events");
	told_print(&v->want, "wanted");
	told_print(&r->told, "told");
	return false;
}

static bool passes(const struct frame_vector *v, const struct ws_conf *conf,
		   struct cutting cut)
{
	bool good;
	struct run r;

	run_cut(v, conf, cut, &r);
	if (cut.step == 1 && v->here != SIZE_MAX)
		expect(&r, r.ended == v->here,
		       "the end did not come with the byte before 'here'");
	good = !r.fault && told_equal(&v->want, &r.told);
	if (!good)
		report(v, conf, cut, &r);
	told_free(&r.told);
	return good;
}

/* Every cut in two, or with large vectors those that the comment on top says. */
static bool passes_cut_in_two(const struct frame_vector *v, const struct ws_conf *conf)
{
	size_t n = buf_len(&v->bytes);
	size_t edge = n > HUGE_SIZE ? 8 : 64;

	for (size_t cut = 1; cut < n; cut++) {
		if (n > LARGE && cut > edge && cut < n - edge && cut % (n / edge) != 0)
			continue;
		if (!passes(v, conf, (struct cutting){ cut, n }))
			return false;
	}
	return true;
}

static bool passes_any_way(const struct frame_vector *v)
{
	size_t n = buf_len(&v->bytes);
	size_t step = n > HUGE_SIZE ? 997 : 1;

	for (int whole = 0; whole <= 1; whole++) {
		struct ws_conf conf = { .max_message = v->limit, .whole = whole };

		if (!passes(v, &conf, (struct cutting){ n, n }) ||
		    !passes(v, &conf, (struct cutting){ step, step }) ||
		    !passes_cut_in_two(v, &conf))
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	return frame_vectors_run(argc, argv, "", passes_any_way);
}
