/* SPDX-License-Identifier: MIT */
/* A file as one message to a session's client, piece by piece as the client takes it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "session_impl.h"
#include "session_inject_impl.h"
#include "utf8.h"

#define AGAIN 2e-3 /* seconds between looks whether the disk has it */
#define TRIES 500  /* of them, then the disk is waited for */
#define AHEAD (1024 * 1024)
#define CHARACTER_MOST 4        /* bytes of UTF-8 */
#define PIECE (TURN_BYTES - 64) /* a piece and its header are one record's worth */

/* ---- reading ---- */

/* Is R of N all that lies in memory, and of no use alone?  Where the memory's part ends,
 * it may cut a character. */
static bool is_cold(const struct session_file *f, ssize_t r, size_t n)
{
	if (r < 0)
		return errno == EAGAIN;
	return f->opcode == OP_TEXT && r > 0 && r < CHARACTER_MOST && (size_t)r < n;
}

/* Bytes that lie in memory: their number, or -EAGAIN while the disk is asked for them. */
static ssize_t read_some(struct session_file *f, char *p, size_t n)
{
	struct iovec v = { p, n };
	ssize_t r = preadv2(f->fd, &v, 1, (off_t)f->at, RWF_NOWAIT);
	bool cold = is_cold(f, r, n);

	if (cold && f->tries++ < TRIES) {
		(void)posix_fadvise(f->fd, (off_t)f->at, AHEAD, POSIX_FADV_WILLNEED);
		return -EAGAIN;
	}
	if (cold || (r < 0 && errno == EOPNOTSUPP))
		r = pread(f->fd, p, n, (off_t)f->at);
	f->tries = 0;
	return r < 0 ? -errno : r;
}

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
	ev_timer_init(&f->again, on_again, AGAIN, 0);
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

bool session_inject_pumps(const struct session *s)
{
	return s->inject->file && !s->inject->file->waits;
}

void session_inject_pump(struct session *s)
{
	struct session_file *f = s->inject->file;
	char *p = s->bridge->scratch.read;
	uint64_t left = f->size - f->at;
	ssize_t n = left > 0 ? read_some(f, p, left < PIECE ? (size_t)left : PIECE) : 0;
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
