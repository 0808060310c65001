/* SPDX-License-Identifier: MIT */
/* session_steps.h - everything that can happen to sessions, for fuzz_session.c. */
#ifndef FUZZ_SESSION_STEPS_H
#define FUZZ_SESSION_STEPS_H

#include "session_join.h"

static int file; /* that is sent */

/* What one step is about. */
struct step {
	unsigned arg;
	struct fuzz_client *c; /* that it names */
	struct session *s;     /* of that, if it can be told something; else NULL */
	struct fuzz_source *x; /* that it names, or NULL */
	const char *p;
	size_t n;
};

/* How much ARG says. */
static size_t amount(const struct step *step)
{
	unsigned n = step->arg >> 2;

	return n == 63 ? SIZE_MAX : n < 32 ? n : (n - 31) * 997;
}

static void do_connect(const struct step *step)
{
	struct fuzz_client *c = step->c;
	struct hub *h;

	if (c->session || c->waits)
		return;
	keep(&c->sent, step->p, step->n);
	if (step->arg >> 2 == 63) {
		enter(c, NULL);
		return;
	}
	h = find_hub();
	if (h)
		enter(c, h);
	else
		client_free(c);
}

static void do_bytes(const struct step *step)
{
	if (step->s)
		keep(&step->c->sent, step->p, step->n);
}

/* A frame whose first byte is the first of the step's, again and again. */
static void do_frames(const struct step *step)
{
	static const uint8_t key[4];
	size_t n = step->n > 0 ? step->n - 1 : 0;
	char header[FRAME_HEADER_MAX];
	size_t size = frame_encode_masked(header, OP_TEXT, true, n, key);

	if (!step->s || step->n == 0)
		return;
	header[0] = step->p[0];
	for (unsigned i = 0; i <= step->arg >> 2; i++) {
		keep(&step->c->sent, header, size);
		keep(&step->c->sent, step->p + 1, n);
	}
}

/* One message of many bytes. */
static void do_large(const struct step *step)
{
	static const uint8_t key[4];
	size_t n = step->n * (1 + (step->arg >> 2) * 4);
	char header[FRAME_HEADER_MAX];

	if (!step->s)
		return;
	keep(&step->c->sent, header, frame_encode_masked(header, OP_TEXT, true, n, key));
	for (size_t i = 0; i < n; i += step->n)
		keep(&step->c->sent, step->p, step->n);
}

static void do_end(const struct step *step)
{
	if (step->s)
		step->c->end = step->arg & 4 ? -ECONNRESET : 1;
	else if (step->c->waits) {
		hub_unwait(step->c->waits, &step->c->waiter);
		client_free(step->c);
	}
}

static void do_room(const struct step *step)
{
	step->c->room = amount(step);
}

static void do_piece(const struct step *step)
{
	step->c->piece = 1 + (step->arg >> 2);
}

/* The program says something, again and again. */
static void do_say(const struct step *step)
{
	if (!step->x || step->x->exited || step->x->said_all)
		return;
	for (unsigned i = 0; i <= step->arg >> 4; i++)
		keep(&step->x->said, step->p, step->n);
}

static void do_flood(const struct step *step)
{
	if (!step->x || step->x->exited || step->x->said_all)
		return;
	for (unsigned i = 0; i <= step->arg; i++)
		keep(&step->x->said, step->p, step->n);
}

static void do_say_piece(const struct step *step)
{
	if (step->x)
		step->x->piece = 1 + step->arg;
}

static void do_take(const struct step *step)
{
	if (step->x)
		step->x->room = amount(step);
}

/* It closes its standard input, or its output. */
static void do_close_pipe(const struct step *step)
{
	struct fuzz_source *x = step->x;

	if (x && x->state == FUZZ_RUNNING && step->arg & 0x80)
		source_read_end(x);
	else if (x) {
		x->deaf = true;
		buf_free(&x->kept);
	}
}

static void do_exit(const struct step *step)
{
	if (!step->x || step->x->state == FUZZ_OPENING)
		return;
	step->x->exited = true;
	step->x->status = step->arg >> 4;
}

/* max_runtime */
static void do_time_limit(const struct step *step)
{
	if (step->x && step->x->state == FUZZ_RUNNING)
		source_end(step->x, CLOSE_POLICY, "time limit");
}

/* It can be reached, or cannot be; once it is stopped, it goes. */
static void do_settle(const struct step *step)
{
	struct fuzz_source *x = step->x;

	if (x && x->state == FUZZ_STOPPING) {
		source_gone(x);
	} else if (x && x->state == FUZZ_OPENING && step->arg & 0x80) {
		hub_opened(x->source.hub, -ECONNREFUSED, "no");
		source_gone(x);
	} else if (x && x->state == FUZZ_OPENING) {
		x->state = FUZZ_RUNNING;
		hub_opened(x->source.hub, 0, NULL);
	}
}

/* The writers of a FIFO leave, others come. */
static void do_cut(const struct step *step)
{
	if (step->x && step->x->fifo && step->x->state == FUZZ_RUNNING)
		hub_cut(step->x->source.hub);
}

static void do_time(const struct step *step)
{
	now += step->arg / 10.0;
}

static void do_start_fails(const struct step *step)
{
	start_fails = step->arg & 1;
}

/* ---- commands ---- */

static void do_send(const struct step *step)
{
	enum opcode opcode = OP_BINARY;

	if (!step->s)
		return;
	step->c->untold = true;
	(void)session_send(step->s, opcode, step->p, step->n);
}

static void on_file_ended(struct session_file *f, int error)
{
	MUST(!f->session && error <= 0);
}

static void do_send_file(const struct step *step)
{
	struct session_file *f = &step->c->file;

	if (!step->s || f->session)
		return;
	step->c->untold = true;
	*f = (struct session_file){
		.fd = file,
		.size = (step->arg >> 3) * 293U,
		.opcode = step->arg & 4 ? OP_TEXT : OP_BINARY,
		.ended = on_file_ended,
	};
	(void)session_send_file(step->s, f);
}

static void do_drop_file(const struct step *step)
{
	if (step->c->file.session)
		session_drop_file(&step->c->file);
}

static void do_interrupt(const struct step *step)
{
	if (!step->s)
		return;
	step->c->untold = true;
	(void)session_interrupt(step->s);
}

static void do_ping(const struct step *step)
{
	if (step->s && step->s->state == SESSION_OPEN)
		session_ping(step->s);
}

static void do_hold(const struct step *step)
{
	if (step->s)
		session_hold(step->s, step->arg & 4);
}

static void do_disconnect(const struct step *step)
{
	if (!step->s)
		return;
	session_close(step->s, CLOSE_GOING_AWAY, "by order", CLOSED_BY_SERVER);
	session_proceed(step->s);
}

static void do_retire(const struct step *step)
{
	(void)step;
	if (shared)
		fan_retire(shared);
}

static void do_abort(const struct step *step)
{
	if (step->s)
		session_abort(step->s, "by order");
}

static unsigned rest; /* turns in which nothing new happens */

static void do_rest(const struct step *step)
{
	rest = step->arg;
}

static void (*const steps[])(const struct step *step) = {
	do_connect,    do_bytes,      do_frames,    do_large,     do_end,  do_room,
	do_piece,      do_say,        do_flood,     do_say_piece, do_take, do_close_pipe,
	do_exit,       do_time_limit, do_settle,    do_cut,       do_time, do_start_fails,
	do_send,       do_send_file,  do_drop_file, do_interrupt, do_ping, do_hold,
	do_disconnect, do_retire,     do_abort,     do_rest,
};
#define STEPS (sizeof(steps) / sizeof(*steps))

#endif
