/* SPDX-License-Identifier: MIT */
/* Messages for a session's client that are not its backend's: between the backend's,
 * never inside of one. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "session_impl.h"

/* One that waits. */
struct injected {
	STAILQ_ENTRY(injected) link;
	enum opcode opcode;
	size_t n;
	char data[];
};

struct inject {
	STAILQ_HEAD(, injected) messages;
	size_t bytes;
};

void session_inject_free(struct session *s)
{
	struct injected *m;

	if (!s->inject)
		return;
	while ((m = STAILQ_FIRST(&s->inject->messages))) {
		STAILQ_REMOVE_HEAD(&s->inject->messages, link);
		free(m);
	}
	free(s->inject);
	s->inject = NULL;
	if (s->hub)
		s->hub->tell_boundary = false;
}

/* Keep a message until the backend's has ended. */
static int keep(struct session *s, enum opcode opcode, const char *p, size_t n)
{
	struct injected *m = malloc(sizeof(*m) + n);

	if (!s->inject) {
		s->inject = calloc(1, sizeof(*s->inject));
		if (s->inject)
			STAILQ_INIT(&s->inject->messages);
	}
	if (!m || !s->inject) {
		free(m);
		return -ENOMEM;
	}
	m->opcode = opcode;
	m->n = n;
	memcpy(m->data, p, n);
	STAILQ_INSERT_TAIL(&s->inject->messages, m, link);
	s->inject->bytes += n;
	s->hub->tell_boundary = true;
	return 0;
}

int session_send(struct session *s, enum opcode opcode, const char *p, size_t n)
{
	size_t waits = buf_len(&s->out) + (s->inject ? s->inject->bytes : 0);
	int r = 0;

	if (s->state != SESSION_OPEN || !s->hub)
		return -ESHUTDOWN;
	if (waits > 0 && waits + n > s->conf->queue)
		return -ENOBUFS;
	if (s->inject || s->hub->amid)
		r = keep(s, opcode, p, n);
	else
		hub_send(s->hub, opcode, p, n);
	session_proceed(s);
	return r;
}

void session_boundary(struct session *s)
{
	struct inject *i = s->inject;
	struct injected *m;

	s->inject = NULL;
	if (s->hub)
		s->hub->tell_boundary = false;
	while (i && (m = STAILQ_FIRST(&i->messages))) {
		STAILQ_REMOVE_HEAD(&i->messages, link);
		if (s->hub)
			hub_send(s->hub, m->opcode, m->data, m->n);
		free(m);
	}
	free(i);
}

void session_hold(struct session *s, bool hold)
{
	s->held = hold;
	session_proceed(s);
}
