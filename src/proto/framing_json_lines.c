/* SPDX-License-Identifier: MIT */
/* frame = json: what a program writes is cut into lines. */
#include <string.h>

#include "framing_json.h"

/* The line under way, which goes on with IN, is skipped up to its LF. */
static enum framing_json_cut skip(struct framing_json_lines *l, struct span in,
				  struct span *ret)
{
	*ret = in;
	if (buf_len(&l->held) > 0)
		*ret = (struct span){ buf_head(&l->held), buf_len(&l->held) };
	if (ret->n > FRAMING_JSON_FIRST)
		ret->n = FRAMING_JSON_FIRST;
	l->skipping = l->told = true;
	return JSON_TOO_LONG;
}

void framing_json_lines_free(struct framing_json_lines *l)
{
	buf_free(&l->held);
	l->told = false;
}

/* The rest of a line that is too long goes unseen. */
static void skip_on(struct framing_json_lines *l, struct span *in)
{
	const char *end = in->n > 0 ? memchr(in->p, '\n', in->n) : NULL;

	span_skip(in, end ? (size_t)(end - in->p) + 1 : in->n);
	l->skipping = !end;
}

enum framing_json_cut framing_json_cut(struct framing_json_lines *l, struct span *in,
				       bool eof, struct span *ret)
{
	const char *end;
	size_t n;

	if (l->told)
		framing_json_lines_free(l);
	if (l->skipping)
		skip_on(l, in);
	if (in->n == 0 && (!eof || buf_len(&l->held) == 0))
		return JSON_MORE;
	end = in->n > 0 ? memchr(in->p, '\n', in->n) : NULL;
	n = end ? (size_t)(end - in->p) : in->n;
	if (n > l->most - buf_len(&l->held))
		return skip(l, *in, ret);
	*ret = (struct span){ in->p, n };
	if (buf_len(&l->held) > 0 || !(end || eof)) {
		if (buf_append(&l->held, in->p, n, SIZE_MAX) < 0)
			return skip(l, *in, ret); /* out of memory */
		*ret = (struct span){ buf_head(&l->held), buf_len(&l->held) };
		l->told = end || eof;
	}
	span_skip(in, end ? n + 1 : n);
	return end || eof ? JSON_LINE : JSON_MORE;
}
