/* SPDX-License-Identifier: MIT */
/* Drops what waits for a session's client, without cutting a frame. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "session_impl.h"
#include "session_inject_impl.h"

#define LEAD 3 /* bytes of a character behind its first, at the most */

/* The data frames of out that go. */
struct dropped {
	uint64_t bytes;  /* of payload */
	bool any, opens; /* there is one; the first continues what has been sent */
	char lead[LEAD]; /* of text that was cut inside a character: its end */
	size_t nlead;
	bool lead_known; /* that is all of it */
};

/* A frame can end inside a character, or inside the same one as the frame before it: what
 * is missing of it, or nothing. */
static void find_lead(struct dropped *d, const char *p, size_t n)
{
	for (size_t i = 0; i < n && !d->lead_known; i++) {
		d->lead_known = d->nlead == LEAD || ((unsigned char)p[i] & 0xC0) != 0x80;
		if (!d->lead_known)
			d->lead[d->nlead++] = p[i];
	}
}

/* Append the control frames among the frames in B, from byte AT on, to OUT.  0 or
 * -ENOMEM. */
static int sort_out(const struct buf *b, size_t at, struct buf *out, struct dropped *d)
{
	struct frame_header h;
	int r = 0;

	for (size_t size; at < buf_len(b) && r == 0; at += size) {
		const char *p = buf_head(b) + at;

		(void)frame_decode(p, &h); /* we have made it */
		size = h.size + (size_t)h.length;
		if (opcode_is_control(h.opcode)) {
			r = buf_append(out, p, size, SIZE_MAX);
			continue;
		}
		if (!d->any)
			d->opens = h.opcode == OP_CONTINUATION;
		d->lead_known |= h.opcode != OP_CONTINUATION; /* another message */
		find_lead(d, p + h.size, (size_t)h.length);
		d->any = true;
		d->bytes += h.length;
	}
	return r;
}

/* The bytes of out that must stay: of the frame that has begun to leave. */
static size_t begun(const struct session *s)
{
	size_t n = s->out.cut, least = stream_committed(&s->client);

	while (n < least && n < buf_len(&s->out.own))
		n += frame_whole_size(buf_head(&s->out.own) + n);
	return n;
}

/* Out without the messages that have not begun; AMID: where no frame tells, is one under
 * way? */
static int rebuild(struct session *s, bool amid, struct dropped *d)
{
	char end[FRAME_SERVER_HEADER_MAX + LEAD];
	struct buf controls = { 0 }, out = { 0 };
	struct buf *own = &s->out.own;
	size_t keep, n;
	int r = outq_flatten(&s->out);

	if (r < 0)
		return r;
	keep = begun(s);
	r = sort_out(own, keep, &controls, d);
	if (r == 0)
		r = buf_append(&out, buf_head(own), keep, SIZE_MAX);
	if (r == 0 && (d->any ? d->opens : amid)) {
		n = frame_encode(end, OP_CONTINUATION, true, d->nlead);
		memcpy(end + n, d->lead, d->nlead);
		r = buf_append(&out, end, n + d->nlead, SIZE_MAX);
	}
	if (r == 0)
		r = buf_append(&out, buf_head(&controls), buf_len(&controls), SIZE_MAX);
	buf_free(&controls);
	if (r < 0) {
		buf_free(&out);
		return r;
	}
	buf_free(own);
	*own = out;
	if (s->pongs > 0)
		outq_mark(&s->out);
	d->bytes -= d->nlead;
	return 0;
}

/* What waits for its turn goes: its bytes. */
static uint64_t drop_waiting(struct session *s)
{
	struct inject *i = s->inject;
	struct injected *m = STAILQ_FIRST(&i->waiting);
	uint64_t bytes = 0;
	struct dropped after = { 0 };
	struct buf controls = { 0 };

	for (; m; m = STAILQ_NEXT(m, link))
		bytes += m->file ? m->file->size : m->n;
	if (i->file)
		bytes += i->file->size - i->file->at;
	if (outq_flatten(&i->after) == 0)
		(void)sort_out(&i->after.own, 0, &controls, &after);
	buf_free(&controls);
	session_inject_end(s, -ECANCELED);
	return bytes + after.bytes;
}

uint64_t session_interrupt(struct session *s)
{
	struct dropped d = { 0 };
	bool amid;

	if (s->state != SESSION_OPEN || !s->hub)
		return 0;
	if (s->inject && s->inject->file)
		amid = s->inject->file->begun;
	else
		amid = s->hub->amid && !s->hub->dropping; /* else it has been ended */
	if (rebuild(s, amid, &d) < 0) {
		session_abort(s, "out of memory");
		return 0;
	}
	s->hub->dropping = s->hub->amid; /* the rest of what the backend has begun */
	s->hub->care = s->hub->dropping;
	if (s->inject) {
		d.bytes += drop_waiting(s);
		inject_next(s); /* nothing: the list goes */
	}
	session_flush(s);
	session_proceed(s);
	return d.bytes;
}
