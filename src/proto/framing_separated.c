/* SPDX-License-Identifier: MIT */
/* What a backend writes is cut at its separators into messages: at LF or CRLF, or at NUL.
 */
#include <string.h>

#include "framing_kind.h"

/* The line that IN begins with, as far as it is there. */
struct line {
	struct span text; /* without the separator */
	bool ended;       /* the separator is there */
	bool last; /* nothing of the line follows: separator, or EOF after the text */
};

static struct line look(const struct framing *f, const struct span *in, bool eof)
{
	const char *end = memchr(in->p, f->kind->tail.p[0], in->n);
	size_t n = end ? (size_t)(end - in->p) : in->n;

	return (struct line){ .text = { in->p, n }, .ended = end, .last = end || eof };
}

static bool ends_in_cr(const struct framing *f, struct span s)
{
	return f->kind->cuts_cr && s.n > 0 && s.p[s.n - 1] == '\r';
}

/* The next piece of a line that is not held. */
static enum framing_result stream(struct framing *f, struct span *in, bool eof,
				  struct piece *ret)
{
	struct line line = look(f, in, eof);
	enum framing_result r = FRAMING_MORE;

	if (f->cr) {
		f->cr = false;
		if (!line.ended || line.text.n > 0) /* the CR was not of a CRLF */
			r = framing_tell(f, SPAN("\r"), false, ret);
		if (r != FRAMING_MORE)
			return r;
	}
	span_skip(in, line.text.n + line.ended);
	if (ends_in_cr(f, line.text) && (line.ended || !eof)) {
		line.text.n--;
		f->cr = !line.ended;
	}
	return framing_tell(f, line.text, line.last, ret);
}

/* The line is too long to hold: what is held, filled up from IN, is its first piece. */
static enum framing_result start_streaming(struct framing *f, struct span *in, bool eof,
					   struct piece *ret)
{
	enum framing_result r;
	struct span first;

	f->streaming = true;
	if (buf_len(&f->held) == 0)
		return stream(f, in, eof, ret);
	if (!framing_hold(f, in, FRAMING_HELD_MAX - buf_len(&f->held)))
		return framing_bad(f, "out of memory");
	first = framing_held(f);
	r = stream(f, &first, false, ret);
	if (r != FRAMING_MORE)
		return r;
	buf_free(&f->held); /* it was nothing but shifts of its charset's state */
	f->told = false;
	return stream(f, in, eof, ret);
}

enum framing_result framing_separated_decode(struct framing *f, struct span *in, bool eof,
					     struct piece *ret)
{
	struct line line = look(f, in, eof);

	if (f->streaming)
		return stream(f, in, eof, ret);
	if (buf_len(&f->held) + line.text.n > FRAMING_HELD_MAX)
		return start_streaming(f, in, eof, ret);
	if (in->n == 0 && buf_len(&f->held) == 0) /* EOF, and no line was begun */
		return FRAMING_MORE;
	if (!line.last || buf_len(&f->held) > 0) {
		if (!framing_hold(f, in, line.text.n))
			return framing_bad(f, "out of memory");
		if (!line.last)
			return FRAMING_MORE;
		line.text = framing_held(f);
	} else {
		span_skip(in, line.text.n);
	}
	span_skip(in, line.ended);
	if (line.ended && ends_in_cr(f, line.text))
		line.text.n--;
	return framing_tell(f, line.text, true, ret);
}
