/* SPDX-License-Identifier: MIT */
/*
 * session_source.h - a program without a process, for fuzz_session.c, which keeps to
 * what source.h wants of one.
 *
 * What it has said lies in `said` until its hub has room; of what it is told it takes as
 * much as it likes.
 */
#ifndef FUZZ_SESSION_SOURCE_H
#define FUZZ_SESSION_SOURCE_H

#include "session_client.h"

#define SOURCES 16

enum fuzz_source_state {
	FUZZ_OPENING, /* connect: it is not known whether it can be reached */
	FUZZ_RUNNING,
	FUZZ_ENDED,    /* its hub knows */
	FUZZ_STOPPING, /* nobody wants it any more; it may take its time */
	FUZZ_GONE,
};

struct fuzz_source {
	struct source source;
	enum fuzz_source_state state;
	bool fifo;       /* its writers come and go */
	bool slow;       /* to go, once it is stopped */
	struct buf said; /* not yet read */
	size_t piece;    /* bytes of it that are read at once, at the most */
	bool said_all;   /* said, and the end of its output */
	bool exited;
	int status;                /* of its end: 0, or what it closes with */
	size_t room;               /* bytes that it takes */
	struct buf kept;           /* what it has not taken */
	bool deaf;                 /* its input is closed */
	bool finishing;            /* ... is to be, behind what is kept */
	struct terminal_size size; /* that it is to have next; 0, 0: as it is */
	struct buf told;           /* all that was written to it while it listened */
};

static struct fuzz_source *sources[SOURCES]; /* NULL: none */

static inline struct fuzz_source *source_of(const struct source *s)
{
	return (struct fuzz_source *)s; /* its first member */
}

/* ---- its input ---- */

/* It takes what it likes of what is kept. */
static inline void source_take(struct fuzz_source *x)
{
	size_t n = buf_len(&x->kept) < x->room ? buf_len(&x->kept) : x->room;

	if (n > 0) {
		buf_consume(&x->kept, n);
		x->room -= x->room == SIZE_MAX ? 0 : n;
	}
	if (x->finishing && buf_len(&x->kept) == 0)
		x->deaf = true;
}

static void source_write(struct source *s, const struct gather *g)
{
	struct fuzz_source *x = source_of(s);
	size_t bytes = 0;
	bool listens = x->state < FUZZ_STOPPING && !x->deaf && !x->finishing;

	for (unsigned i = 0; i < g->n; i++) {
		bytes += g->iov[i].iov_len;
		if (listens)
			keep(&x->told, g->iov[i].iov_base, g->iov[i].iov_len);
	}
	MUST(bytes == g->bytes);
	if (!listens)
		return;
	MUST(gather_save(g, 0, &x->kept, SIZE_MAX) == 0);
	source_take(x);
}

static void source_finish(struct source *s)
{
	source_of(s)->finishing = true;
	source_take(source_of(s));
}

static size_t source_kept(const struct source *s)
{
	return buf_len(&source_of(s)->kept);
}

/* ---- its output ---- */

static inline void source_end(struct fuzz_source *x, unsigned code, const char *reason)
{
	struct ending e = { .code = code };

	snprintf(e.reason, sizeof(e.reason), "%s", reason);
	snprintf(e.process, sizeof(e.process), "exit %d", x->status);
	x->state = FUZZ_ENDED;
	hub_source_ended(x->source.hub, &e);
}

/* Its output's end and its own, in either order. */
static inline void source_check_ended(struct fuzz_source *x)
{
	if (x->state != FUZZ_RUNNING || !x->exited || !x->said_all ||
	    buf_len(&x->said) > 0)
		return;
	if (x->status == 0)
		source_end(x, 0, "");
	else
		source_end(x, 4000U + (unsigned)x->status, "process exited");
}

static inline void source_read(struct fuzz_source *x)
{
	struct hub *h = x->source.hub;
	size_t room = x->state == FUZZ_RUNNING ? hub_room(h) : 0;
	size_t n = buf_len(&x->said);
	char *p = h->bridge->scratch.read;

	MUST(room <= TURN_BYTES);
	if (n > x->piece)
		n = x->piece;
	if (n > room)
		n = room;
	if (n == 0)
		return;
	memcpy(p, buf_head(&x->said), n);
	for (int i = 0; i < CLIENTS; i++)
		if (clients[i].session && clients[i].session->hub == h)
			keep(&clients[i].heard, p, n);
	buf_consume(&x->said, n);
	hub_output(h, p, n, false);
}

/* The end of its output, once. */
static inline void source_read_end(struct fuzz_source *x)
{
	struct hub *h = x->source.hub;

	if (x->state != FUZZ_RUNNING || x->said_all || buf_len(&x->said) > 0)
		return;
	x->said_all = true;
	hub_output(h, h->bridge->scratch.read, 0, true);
}

/* ---- its end ---- */

static inline void source_gone(struct fuzz_source *x)
{
	if (x->state == FUZZ_GONE)
		return;
	x->state = FUZZ_GONE;
	hub_source_gone(x->source.hub);
}

static void source_stop(struct source *s, bool flush)
{
	struct fuzz_source *x = source_of(s);
	bool opening = x->state == FUZZ_OPENING;

	if (x->state >= FUZZ_STOPPING)
		return;
	if (!flush || x->state != FUZZ_RUNNING)
		buf_free(&x->kept);
	x->state = FUZZ_STOPPING;
	if (!x->slow || opening)
		source_gone(x);
}

static void source_kill(struct source *s)
{
	struct fuzz_source *x = source_of(s);

	x->state = x->state == FUZZ_GONE ? FUZZ_GONE : FUZZ_STOPPING;
	source_gone(x);
}

static void source_free(struct source *s)
{
	struct fuzz_source *x = source_of(s);

	MUST(x->state == FUZZ_GONE || x->state == FUZZ_OPENING);
	for (int i = 0; i < SOURCES; i++)
		if (sources[i] == x)
			sources[i] = NULL;
	buf_free(&x->said);
	buf_free(&x->kept);
	buf_free(&x->told);
	free(x);
}

/* ---- the rest ---- */

static long source_pid(const struct source *s)
{
	(void)s;
	return 0;
}

static void source_resize(struct source *s, struct terminal_size size)
{
	source_of(s)->size = size;
}

static void source_proceed(struct source *s)
{
	(void)hub_room(s->hub); /* each turn asks it again */
}

static const struct source_ops fuzz_source_ops = {
	.name = "fuzz",
	.write = source_write,
	.finish = source_finish,
	.kept = source_kept,
	.pid = source_pid,
	.resize = source_resize,
	.proceed = source_proceed,
	.stop = source_stop,
	.kill = source_kill,
	.free = source_free,
};

/* Give H a source as the path has it.  0, or -EAGAIN: there are too many. */
static inline int source_open(struct hub *h)
{
	struct fuzz_source *x = calloc(1, sizeof(*x));
	int at = 0;

	while (at < SOURCES && sources[at])
		at++;
	MUST(x);
	if (at == SOURCES) {
		free(x);
		return -EAGAIN;
	}
	*x = (struct fuzz_source){
		.source = { &fuzz_source_ops, h },
		.state = FUZZ_RUNNING,
		.fifo = path->source == SOURCE_FIFO,
		.slow = choices & SLOW,
		.piece = TURN_BYTES,
		.room = SIZE_MAX,
	};
	if (path->source == SOURCE_CONNECT) {
		x->state = FUZZ_OPENING;
		h->opening = true;
	}
	sources[at] = x;
	hub_attach(h, &x->source);
	if (path->exec.pty.rows > 0)
		hub_resized(h, path->exec.pty);
	return 0;
}

/* What happens to it in one turn of the loop. */
static inline void source_turn(struct fuzz_source *x)
{
	size_t kept = buf_len(&x->kept);

	if (x->state != FUZZ_RUNNING && x->state != FUZZ_ENDED)
		return;
	source_take(x);
	if (buf_len(&x->kept) < kept)
		hub_source_drained(x->source.hub);
	source_read(x);
	if (x->state == FUZZ_RUNNING && x->size.rows > 0) {
		hub_resized(x->source.hub, x->size);
		x->size = (struct terminal_size){ 0, 0 };
	}
	if (x->exited) /* nobody is left who could say more */
		source_read_end(x);
	source_check_ended(x);
}

#endif
