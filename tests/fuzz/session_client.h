/* SPDX-License-Identifier: MIT */
/*
 * session_client.h - a WebSocket client without a socket, for fuzz_session.c.
 *
 * What it sends lies in `sent` until the session reads it; what the session writes is
 * parsed by a ws machine of its own, which must find nothing wrong with it.
 */
#ifndef FUZZ_SESSION_CLIENT_H
#define FUZZ_SESSION_CLIENT_H

#include "session_world.h"
#include "stream_impl.h"

#define GREETING "HTTP/1.1 101\r\n\r\n" /* of a session */
#define CLIENTS 4
#define FIRST_FD (-2) /* of the first client; no descriptor, so nothing happens to it */

struct fuzz_client {
	struct session *session; /* NULL: it is not connected */
	struct stream stream;    /* before the session has it */
	int events;              /* that the session waits for */
	struct buf sent;         /* not yet read */
	size_t piece;            /* bytes that one read brings, at the most */
	size_t room;             /* bytes that it takes */
	int end;                 /* after SENT: 0: none, 1: of the stream, or -errno */
	bool finished;           /* the session has said everything */
	bool untold; /* something came or went by other ways: sums do not add up */

	size_t greeted;    /* bytes of the greeting that have come */
	struct ws ws;      /* of what came behind it */
	bool closed;       /* a close frame came */
	struct buf got;    /* payload of all data frames that came ... */
	struct buf heard;  /* ... of these bytes of its program */
	struct ws sent_ws; /* of what the session has read */
	bool sent_empty;   /* ... the message under way, so far */
	bool sent_over;    /* ... that means nothing to its program any more */
	struct buf meant;  /* bytes that its program is to get by that */
	struct hub_waiter waiter;
	struct hub *waits; /* for this hub to open; NULL: for none */
	struct session_file file;
};

static struct fuzz_client clients[CLIENTS];

static const struct ws_conf from_server = { .from_server = true };
static const struct ws_conf from_client = { 0 };

static inline struct fuzz_client *client_of(const struct stream *s)
{
	int i = FIRST_FD - s->io.fd;

	MUST(i >= 0 && i < CLIENTS);
	return &clients[i];
}

/* ---- what it hears ---- */

static inline void hear_frames(struct fuzz_client *c, const char *p, size_t n)
{
	char *chunk = malloc(n + 1), *at = chunk;
	struct ws_event e;

	MUST(chunk && !c->closed);
	memcpy(chunk, p, n);
	do {
		ws_next(&c->ws, &at, chunk + n, &e);
		MUST(e.type != WS_FAIL);
		if (e.type == WS_DATA)
			keep(&c->got, e.p, e.n);
		if (e.type == WS_CLOSE) {
			c->closed = true;
			MUST(at == chunk + n);
		}
	} while (e.type != WS_MORE);
	free(chunk);
}

static inline void hear(struct fuzz_client *c, const char *p, size_t n)
{
	size_t left = strlen(GREETING) - c->greeted, head = n < left ? n : left;

	MUST(memcmp(p, &GREETING[c->greeted], head) == 0);
	c->greeted += head;
	if (n > head)
		hear_frames(c, p + head, n - head);
}

/* ---- what it says ---- */

/* The session has read N bytes at P: what is the program to get?  As frame = line and raw
 * have it. */
static inline void mean(struct fuzz_client *c, const char *p, size_t n, bool lines)
{
	char *chunk = malloc(n + 1), *at = chunk;
	struct ws_event e;

	MUST(chunk);
	memcpy(chunk, p, n);
	do {
		ws_next(&c->sent_ws, &at, chunk + n, &e);
		c->sent_over |= e.type == WS_FAIL || e.type == WS_CLOSE;
		if (e.type != WS_DATA || c->sent_over)
			continue;
		c->sent_empty = e.n == 0 && (e.first || c->sent_empty);
		c->sent_over = e.opcode == OP_BINARY && e.last && c->sent_empty;
		keep(&c->meant, e.p, e.n);
		if (lines && e.opcode == OP_TEXT && e.last)
			keep(&c->meant, "\n", 1);
	} while (e.type != WS_MORE);
	free(chunk);
}

static void client_free(struct fuzz_client *c)
{
	buf_free(&c->sent);
	buf_free(&c->got);
	buf_free(&c->heard);
	buf_free(&c->meant);
	ws_free(&c->ws);
	ws_free(&c->sent_ws);
	*c = (struct fuzz_client){ 0 };
}

/* ---- its stream ---- */

static ssize_t client_read(struct stream *s, void *p, size_t n)
{
	struct fuzz_client *c = client_of(s);

	if (n > c->piece)
		n = c->piece;
	if (n > buf_len(&c->sent))
		n = buf_len(&c->sent);
	if (n == 0)
		return c->end < 0 ? c->end : c->end ? 0 : -EAGAIN;
	memcpy(p, buf_head(&c->sent), n);
	buf_consume(&c->sent, n);
	mean(c, p, n, path->hub.framing.kind == FRAMING_LINE);
	return (ssize_t)n;
}

static ssize_t client_writev(struct stream *s, const struct iovec *iov, unsigned n)
{
	struct fuzz_client *c = client_of(s);
	size_t all = 0;

	MUST(!c->finished && n > 0);
	if (c->end < 0)
		return c->end;
	for (unsigned i = 0; i < n && c->room > 0; i++) {
		size_t part = iov[i].iov_len < c->room ? iov[i].iov_len : c->room;

		if (part > 0)
			hear(c, iov[i].iov_base, part);
		c->room -= c->room == SIZE_MAX ? 0 : part;
		all += part;
	}
	return (ssize_t)all;
}

static void client_watch(EV_P_ struct stream *s, int events)
{
	(void)loop;
	client_of(s)->events = events;
}

static int client_ready(struct stream *s, int revents)
{
	(void)s;
	return revents;
}

/* Everything has been said, and that is a close frame at last. */
static void client_finish(struct stream *s)
{
	struct fuzz_client *c = client_of(s);

	MUST(!c->finished && c->closed);
	c->finished = true;
}

static const struct stream_ops client_ops = {
	.read = client_read,
	.writev = client_writev,
	.watch = client_watch,
	.ready = client_ready,
	.finish = client_finish,
};

#endif
