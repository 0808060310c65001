/* SPDX-License-Identifier: MIT */
/*
 * Runs frame vectors through libwslay, as a second opinion on them, and prints TAP.
 *
 * Compared are messages, pings and pongs in their order, and how it ends: the peer's
 * close frame with its code and reason, or the failure with the code that libwslay
 * answers, if it answers one.  Not compared is when a failure shows (`here`).  A vector
 * that says `second` must still disagree.
 *
 * usage: second_wslay FILE...
 */
#include <stdio.h>

#include "frame_vector.h"
#include "wslay_reader.h"

/* libwslay allocates what a header announces, and can live without; AddressSanitizer
 * would not. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

/* The code that V wants the connection to fail with, 0: it does not want that. */
static unsigned wanted_code(const struct frame_vector *v)
{
	return v->want.n > 0 ? v->want.events[v->want.n - 1].code : 0;
}

/* What libwslay makes of V. */
struct second {
	const struct frame_vector *v;
	struct told told;
};

/* A failure without a code is the one that is wanted. */
static void on_event(void *data, const struct ws_event *e)
{
	struct second *s = data;
	unsigned code = e->type == WS_FAIL && e->code == 0 ? wanted_code(s->v) : e->code;

	told_add(&s->told, e->type, e->opcode, code, e->p, e->n);
}

static struct told ask(const struct frame_vector *v)
{
	struct second s = { .v = v };
	struct wslay_reader r;

	wslay_reader_init(&r, false, v->limit ? v->limit : INT64_MAX, on_event, &s);
	wslay_reader_feed(&r, buf_head(&v->bytes), buf_len(&v->bytes));
	wslay_reader_free(&r);
	return s.told;
}

static bool passes(const struct frame_vector *v)
{
	struct told told = ask(v);
	bool agrees = told_equal(&v->want, &told);
	bool good = agrees == !v->second;

	if (!good) {
		printf("# %s:%u: %s\n", v->file, v->line,
		       agrees ? "libwslay agrees now: 'second' is out of date"
			      : "libwslay disagrees");
		told_print(&v->want, "wanted");
		told_print(&told, "libwslay");
	}
	told_free(&told);
	return good;
}

int main(int argc, char **argv)
{
	return frame_vectors_run(argc, argv, "libwslay on ", passes);
}
