/* SPDX-License-Identifier: MIT */
/* The line framing: what a backend writes is cut at LF or CRLF into messages. */
#include <string.h>

#include "framing_kind.h"

/* The line that IN begins with, as far as it is there. */
struct line {
	struct span text; /* without the LF */
	bool lf;          /* the LF is there */
	bool last;        /* nothing of the line follows: LF, or EOF after the text */
};

static struct line look(const struct span *in, bool eof)
{
	const char *lf = memchr(in->p, '\n', in->n);
	size_t n = lf ? (size_t)(lf - in->p) : in->n;

	return (struct line){ .text = { in->p, n }, .lf = lf, .last = lf || eof };
}

static void take(struct span *in, size_t n)
{
	in->p += n;
	in->n -= n;
}

static bool ends_in_cr(struct span s)
{
	return s.n > 0 && s.p[s.n - 1] == '\r';
}

/* TEXT is all of a line, or the next piece of it; LAST ends the message. */
static enum framing_result tell(struct framing *f, struct span text, bool last,
				struct piece *ret)
{
	enum framing_result r = framing_piece(f, text, last, ret);

	if (r != FRAMING_PIECE)
		return r;
	if (ret->n == 0 && !last) /* all of it is withheld */
		return FRAMING_MORE;
	ret->last = last;
	f->fragmented = !last;
	if (last)
		f->streaming = false;
	return FRAMING_PIECE;
}

/* The next piece of a line that is not held. */
static enum framing_result stream(struct framing *f, struct span *in, bool eof,
				  struct piece *ret)
{
	struct line line = look(in, eof);

	if (f->cr) {
		f->cr = false;
		if (!line.lf || line.text.n > 0) /* the CR was not of a CRLF */
			return tell(f, SPAN("\r"), false, ret);
	}
	take(in, line.text.n + line.lf);
	if (ends_in_cr(line.text) && (line.lf || !eof)) {
		line.text.n--;
		f->cr = !line.lf;
	}
	return tell(f, line.text, line.last, ret);
}

/* Append N bytes of IN to what is held. */
static bool hold(struct framing *f, struct span *in, size_t n)
{
	if (buf_append(&f->held, in->p, n, FRAMING_HELD_MAX) < 0)
		return false;
	take(in, n);
	return true;
}

/* What is held becomes the next piece. */
static struct span held(struct framing *f)
{
	f->told = true;
	return (struct span){ buf_head(&f->held), buf_len(&f->held) };
}

/* The line is too long to hold: what is held, filled up from IN, is its first piece. */
static enum framing_result start_streaming(struct framing *f, struct span *in, bool eof,
					   struct piece *ret)
{
	struct span first;

	f->streaming = true;
	if (buf_len(&f->held) == 0)
		return stream(f, in, eof, ret);
	if (!hold(f, in, FRAMING_HELD_MAX - buf_len(&f->held)))
		return framing_bad(f, "out of memory");
	first = held(f);
	return stream(f, &first, false, ret);
}

enum framing_result framing_line_decode(struct framing *f, struct span *in, bool eof,
					struct piece *ret)
{
	struct line line = look(in, eof);

	if (f->streaming)
		return stream(f, in, eof, ret);
	if (buf_len(&f->held) + line.text.n > FRAMING_HELD_MAX)
		return start_streaming(f, in, eof, ret);
	if (in->n == 0 && buf_len(&f->held) == 0) /* EOF, and no line was begun */
		return FRAMING_MORE;
	if (!line.last || buf_len(&f->held) > 0) {
		if (!hold(f, in, line.text.n))
			return framing_bad(f, "out of memory");
		if (!line.last)
			return FRAMING_MORE;
		line.text = held(f);
	} else {
		take(in, line.text.n);
	}
	take(in, line.lf);
	if (line.lf && ends_in_cr(line.text))
		line.text.n--;
	return tell(f, line.text, true, ret);
}
