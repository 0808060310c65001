/* SPDX-License-Identifier: MIT */
/* Messages for a session's client that are not its backend's: each in its turn. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "session_impl.h"
#include "session_inject_impl.h"

/* ---- what waits ---- */

static struct inject *get(struct session *s)
{
	if (!s->inject) {
		s->inject = calloc(1, sizeof(*s->inject));
		if (s->inject)
			STAILQ_INIT(&s->inject->waiting);
	}
	return s->inject;
}

/* Bytes that count against `queue`; one without payload takes memory, too. */
static size_t cost(const struct injected *m)
{
	return m->file ? 0 : sizeof(*m) + m->n;
}

static int keep(struct session *s, struct injected *m)
{
	struct inject *i = get(s);

	if (!i) {
		free(m);
		return -ENOMEM;
	}
	STAILQ_INSERT_TAIL(&i->waiting, m, link);
	i->bytes += cost(m);
	s->hub->care = true;
	return 0;
}

static int keep_message(struct session *s, enum opcode opcode, const char *p, size_t n)
{
	struct injected *m = malloc(sizeof(*m) + n);

	if (!m)
		return -ENOMEM;
	m->file = NULL;
	m->opcode = opcode;
	m->n = n;
	memcpy(m->data, p, n);
	return keep(s, m);
}

static struct injected *take_first(struct inject *i)
{
	struct injected *m = STAILQ_FIRST(&i->waiting);

	if (m) {
		STAILQ_REMOVE_HEAD(&i->waiting, link);
		i->bytes -= cost(m);
	}
	return m;
}

static bool has_file(const struct inject *i)
{
	const struct injected *m = i ? STAILQ_FIRST(&i->waiting) : NULL;

	while (m && !m->file)
		m = STAILQ_NEXT(m, link);
	return m || (i && i->file);
}

void session_inject_free(struct session *s)
{
	struct inject *i = s->inject;

	s->inject = NULL;
	if (!i)
		return;
	for (struct injected *m; (m = take_first(i));)
		free(m);
	outq_free(&i->after);
	free(i->ending);
	free(i);
}

size_t session_inject_queued(const struct session *s)
{
	return s->inject->bytes + outq_cost(&s->inject->after);
}

/* ---- the turns ---- */

/* Nothing waits any more, unless it is the end of the backend. */
static void be_done(struct session *s)
{
	struct ending *e = s->inject->ending;

	s->inject->ending = NULL;
	session_inject_free(s);
	if (s->size_waits && s->hub) /* for room that is here now */
		session_wait(s, 0);
	if (e) {
		session_backend_ended(s, e);
		free(e);
	}
}

void inject_next(struct session *s)
{
	struct inject *i = s->inject;
	struct injected *m;

	while (i && !i->file && s->hub && (m = take_first(i))) {
		i->file = m->file; /* its first piece goes when the client takes it */
		if (!m->file)
			hub_send(s->hub, s, m->opcode, m->data, m->n);
		free(m);
	}
	if (i && !i->file && STAILQ_EMPTY(&i->waiting))
		be_done(s);
	if (s->hub)
		s->hub->care = s->inject || s->hub->dropping;
}

void session_boundary(struct session *s)
{
	inject_next(s);
	session_proceed(s);
}

bool session_inject_holds(struct session *s, struct gather *g)
{
	struct inject *i = s->inject;

	if (!i->file)
		return false;
	if (outq_save(&i->after, g, 0) < 0)
		session_abort(s, "out of memory");
	else
		session_proceed(s);
	return true;
}

bool session_inject_outlasts(struct session *s, const struct ending *e)
{
	struct inject *i = s->inject;

	if (!i || !i->file || !s->hub->fan)
		return false;
	if (i->ending)
		return true;
	i->ending = malloc(sizeof(*e));
	if (i->ending)
		*i->ending = *e;
	return i->ending;
}

/* ---- the end ---- */

void inject_give_back(struct session_file *f, int error)
{
	ev_timer_stop(f->session->bridge->loop, &f->again);
	f->session = NULL;
	f->ended(f, error); /* and may be freed */
}

void session_inject_end(struct session *s, int error)
{
	struct inject *i = s->inject;
	struct session_file *f = i ? i->file : NULL;
	struct injected *m;

	if (!i)
		return;
	i->file = NULL;
	if (f)
		inject_give_back(f, error);
	while ((m = take_first(i))) {
		if (m->file)
			inject_give_back(m->file, error);
		free(m);
	}
	outq_free(&i->after);
}

/* ---- sending ---- */

/* Does a message have to wait?  Where a file is sent and the backend is between two of
 * its messages, it is kept behind the file as those are, and in their order. */
static bool must_wait(const struct session *s)
{
	return s->hub->amid || (s->inject && !STAILQ_EMPTY(&s->inject->waiting));
}

/* Is there no more to come than what S has been given? */
static bool is_ending(const struct session *s)
{
	return s->state != SESSION_OPEN || !s->hub || (s->inject && s->inject->ending);
}

int session_send(struct session *s, enum opcode opcode, const char *p, size_t n)
{
	size_t waits = session_queued(s);
	int r = 0;

	if (is_ending(s))
		return -ESHUTDOWN;
	if (waits > 0 && waits + n > s->conf->queue)
		return -ENOBUFS;
	if (must_wait(s))
		r = keep_message(s, opcode, p, n);
	else
		hub_send(s->hub, s, opcode, p, n);
	session_proceed(s);
	return r;
}

int session_send_file(struct session *s, struct session_file *f)
{
	struct injected *m;
	int r;

	if (is_ending(s))
		return -ESHUTDOWN;
	if (has_file(s->inject))
		return -EBUSY;
	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->file = f;
	r = keep(s, m);
	if (r < 0)
		return r;
	f->session = s;
	if (!s->hub->amid)
		inject_next(s);
	session_proceed(s);
	return 0;
}
