/* SPDX-License-Identifier: MIT */
/* A file as one message to a session's client, piece by piece as the client takes it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "disk.h"
#include "session_impl.h"
#include "session_inject_impl.h"
#include "utf8.h"

#define CHARACTER_MOST 4        /* bytes of UTF-8 */
#define PIECE (TURN_BYTES - 64) /* a piece and its header are one record's worth */

/* ---- reading ---- */

static void on_again(EV_P_ ev_timer *w, int revents)
{
	struct session_file *f = w->data;

	(void)loop;
	(void)revents;
	f->waits = false;
	session_proceed(f->session);
}

static void wait_for_disk(struct session_file *f)
{
	struct ev_loop *loop = f->session->bridge->loop;

	f->waits = true;
	ev_timer_init(&f->again, on_again, DISK_AGAIN, 0);
	f->again.data = f;
	ev_timer_start(EV_A_ & f->again);
}

/* As much of the N bytes at P as is whole characters, with LAST all of them; 0: they are
 * no UTF-8. */
static size_t whole_characters(const char *p, size_t n, bool last)
{
	struct utf8 u = { 0 };

	if (utf8_check(&u, p, n) < n || (last && !utf8_complete(&u)))
		return 0;
	return n - u.have;
}

/* ---- writing ---- */

/* N bytes at P as frames of at most max_frame, the last of all with LAST. */
static void put(struct session *s, struct session_file *f, char *p, size_t n, bool last)
{
	struct gather *g = &s->bridge->scratch.gather;
	size_t most = s->hub->conf->max_frame ? s->hub->conf->max_frame : n;
	char header[FRAME_SERVER_HEADER_MAX];

	gather_reset(g);
	do {
		size_t size = n < most ? n : most;

		if (!gather_fits(g, (size < GATHER_REF_MIN ? size : 0) +
					    FRAME_SERVER_HEADER_MAX)) {
			session_put(s, g);
			gather_reset(g);
			if (s->state != SESSION_OPEN) /* F may be no more */
				return;
		}
		n -= size;
		gather_copy(g, header,
			    frame_encode(header, f->begun ? OP_CONTINUATION : f->opcode,
					 last && n == 0, size));
		gather_add(g, p, size);
		f->begun = true;
		p += size;
	} while (n > 0);
	session_put(s, g);
	gather_reset(g);
}

/* The message ends here. */
static void end_early(struct session *s, struct session_file *f, int error)
{
	if (f->begun)
		put(s, f, s->bridge->scratch.read, 0, true);
	if (s->inject && s->inject->file == f) /* else that has ended the session */
		inject_file_over(s, error);
}

static void count(struct session *s, size_t n, bool last)
{
	s->sent.bytes += n;
	s->stats->sent.bytes += n;
	s->sent.messages += last;
	s->stats->sent.messages += last;
}

/* Bytes of a piece, at the most: half of `queue` is for what waits behind the file. */
static size_t piece(const struct session *s)
{
	return s->conf->queue / 2 < PIECE ? s->conf->queue / 2 : PIECE;
}

bool session_inject_pumps(const struct session *s)
{
	return s->inject->file && !s->inject->file->waits;
}

void session_inject_pump(struct session *s)
{
	struct session_file *f = s->inject->file;
	char *p = s->bridge->scratch.read;
	uint64_t left = f->size - f->at;
	size_t most = left < piece(s) ? (size_t)left : piece(s);
	/* Where the memory's part ends, it may cut a character. */
	size_t character = most < CHARACTER_MOST ? most : CHARACTER_MOST;
	size_t least = f->opcode == OP_TEXT ? character : 1;
	ssize_t n = left > 0 ? disk_read(f->fd, p, most, f->at, least, &f->tries) : 0;
	bool last = n >= 0 && (uint64_t)n == left;

	if (n == -EAGAIN) {
		wait_for_disk(f);
		return;
	}
	if (n > 0 && f->opcode == OP_TEXT) {
		n = (ssize_t)whole_characters(p, (size_t)n, last);
		if (n == 0)
			n = -EILSEQ;
	}
	if (n < 0 || (n == 0 && left > 0)) {
		end_early(s, f, n < 0 ? (int)n : -ENODATA);
		return;
	}
	f->at += (uint64_t)n;
	count(s, (size_t)n, last);
	put(s, f, p, (size_t)n, last);
	if (last && s->inject && s->inject->file == f)
		inject_file_over(s, 0);
}

/* ---- the end ---- */

void inject_file_over(struct session *s, int error)
{
	struct inject *i = s->inject;
	struct session_file *f = i->file;

	i->file = NULL;
	if (outq_join(&s->out, &i->after) < 0)
		session_abort(s, "out of memory");
	inject_give_back(f, error);
	session_flush(s);
	if (s->state == SESSION_OPEN && s->hub && !s->hub->amid)
		inject_next(s);
}

void session_drop_file(struct session_file *f)
{
	struct session *s = f->session;
	struct injected *m;

	if (!s)
		return;
	if (s->inject->file == f) {
		end_early(s, f, -ECANCELED);
		session_proceed(s);
		return;
	}
	m = STAILQ_FIRST(&s->inject->waiting);
	while (m->file != f)
		m = STAILQ_NEXT(m, link);
	STAILQ_REMOVE(&s->inject->waiting, m, injected, link);
	free(m);
	inject_give_back(f, -ECANCELED);
}
