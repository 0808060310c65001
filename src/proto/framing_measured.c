/* SPDX-License-Identifier: MIT */
/* What a backend writes are messages with their length before them. */
#include <string.h>

#include "framing_kind.h"

/* Keep the first bytes of the message under way: its header, and what the log quotes. */
static void note(struct framing *f, const char *p, size_t n)
{
	size_t room = sizeof(f->first) - f->first_n;

	if (n > room)
		n = room;
	memcpy(f->first + f->first_n, p, n);
	f->first_n += (uint8_t)n;
}

/* What is under way, and goes on with IN, is no message. */
static enum framing_result broken(struct framing *f, struct span in, const char *reason)
{
	note(f, in.p, in.n);
	return framing_bad(f, reason);
}

/* IN has the tail that ends a message. */
static bool has_tail(const struct framing *f, struct span in)
{
	return in.n >= f->kind->tail.n &&
	       memcmp(in.p, f->kind->tail.p, f->kind->tail.n) == 0;
}

/* All LENGTH bytes and the tail are in IN. */
static bool is_whole(const struct framing *f, struct span in, size_t length)
{
	return in.n >= f->kind->tail.n && in.n - f->kind->tail.n >= length;
}

/* TEXT is the message under way, or its last piece; IN begins with its tail. */
static enum framing_result finish(struct framing *f, struct span text, struct span *in,
				  struct piece *ret)
{
	if (!has_tail(f, *in))
		return framing_bad(f, f->kind->broken); /* IN is noted */
	span_skip(in, f->kind->tail.n);
	f->measured = false;
	f->first_n = 0;
	return framing_tell(f, text, true, ret);
}

/* The next piece of a message that is not held.  It does not end before its tail is seen:
 * a client never takes a broken message for a whole one. */
static enum framing_result stream(struct framing *f, struct span *in, struct piece *ret)
{
	struct span text = { in->p, in->n < f->left ? in->n : f->left };

	span_skip(in, text.n);
	f->left -= text.n;
	if (f->left == 0 && in->n >= f->kind->tail.n)
		return finish(f, text, in, ret);
	return text.n > 0 ? framing_tell(f, text, false, ret) : FRAMING_MORE;
}

/* The next bytes of a message whose header is known. */
static enum framing_result go_on(struct framing *f, struct span *in, struct piece *ret)
{
	struct span text = { in->p, f->left };
	size_t n = in->n < f->left ? in->n : f->left;

	note(f, in->p, in->n);
	if (f->streaming)
		return stream(f, in, ret);
	if (buf_len(&f->held) == 0 && is_whole(f, *in, f->left)) {
		span_skip(in, text.n);
		return finish(f, text, in, ret);
	}
	if (!framing_hold(f, in, n))
		return framing_bad(f, "out of memory");
	f->left -= n;
	if (!is_whole(f, *in, f->left))
		return FRAMING_MORE;
	return finish(f, framing_held(f), in, ret);
}

/* The header is known, and the message is long, or not in one piece. */
static enum framing_result start(struct framing *f, struct span *in, size_t length,
				 struct piece *ret)
{
	f->measured = true;
	f->left = length;
	f->streaming = length > FRAMING_HELD_MAX;
	return go_on(f, in, ret);
}

static bool is_too_big(const struct framing *f, size_t length)
{
	return f->conf->max_message && length > f->conf->max_message;
}

/* The header comes in parts. */
static enum framing_result join_header(struct framing *f, struct span *in,
				       struct piece *ret)
{
	enum framing_header h = HEADER_MORE;
	size_t size, length;

	while (h == HEADER_MORE && in->n > 0) {
		note(f, in->p, 1);
		span_skip(in, 1);
		h = f->kind->read_header(f->first, f->first_n, &size, &length);
	}
	if (h == HEADER_MORE)
		return FRAMING_MORE;
	if (h == HEADER_BAD)
		return broken(f, *in, f->kind->broken);
	if (is_too_big(f, length))
		return broken(f, *in, f->kind->too_big);
	return start(f, in, length, ret);
}

/* The next message, from its first byte on. */
static enum framing_result begin(struct framing *f, struct span *in, struct piece *ret)
{
	enum framing_header h = HEADER_MORE;
	size_t size, length;
	struct span text;

	if (in->n > 0)
		h = f->kind->read_header(in->p, in->n, &size, &length);
	if (h == HEADER_MORE) {
		note(f, in->p, in->n);
		span_skip(in, in->n);
		return FRAMING_MORE;
	}
	if (h == HEADER_BAD)
		return broken(f, *in, f->kind->broken);
	if (is_too_big(f, length))
		return broken(f, *in, f->kind->too_big);
	text = (struct span){ in->p + size, length };
	if (length > FRAMING_HELD_MAX ||
	    !is_whole(f, (struct span){ text.p, in->n - size }, length)) {
		note(f, in->p, size);
		span_skip(in, size);
		return start(f, in, length, ret);
	}
	if (!has_tail(f, (struct span){ text.p + length, f->kind->tail.n }))
		return broken(f, *in, f->kind->broken);
	span_skip(in, size + length + f->kind->tail.n);
	return framing_tell(f, text, true, ret);
}

enum framing_result framing_measured_decode(struct framing *f, struct span *in, bool eof,
					    struct piece *ret)
{
	enum framing_result r;

	if (f->measured)
		r = go_on(f, in, ret);
	else if (f->first_n > 0)
		r = join_header(f, in, ret);
	else
		r = begin(f, in, ret);
	if (r == FRAMING_MORE && eof && f->first_n > 0)
		return framing_bad(f, f->kind->cut_off);
	return r;
}
