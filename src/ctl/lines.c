/* SPDX-License-Identifier: MIT */
/* Cuts what is typed into lines, each a message. */
#include <stdint.h>
#include <string.h>

#include "lines.h"

int lines_feed(struct lines *l, const char *p, size_t n)
{
	return buf_append(&l->in, p, n, SIZE_MAX);
}

void lines_free(struct lines *l)
{
	buf_free(&l->in);
}

/* Is P the beginning, or with FIN all, of what L's text goes on with? */
static bool is_text(struct lines *l, const struct line_piece *p)
{
	return utf8_check(&l->utf8, p->p, p->n) == p->n &&
	       (!p->fin || utf8_complete(&l->utf8));
}

static void judge(struct lines *l, struct line_piece *p)
{
	if (!l->open) {
		l->utf8 = (struct utf8){ 0 };
		l->is_text = is_text(l, p);
		p->opcode = l->is_text ? OP_TEXT : OP_BINARY;
	} else {
		p->opcode = OP_CONTINUATION;
		p->bad = l->is_text && !is_text(l, p);
	}
	l->open = !p->fin;
}

bool lines_next(struct lines *l, bool ended, struct line_piece *ret)
{
	const char *newline;
	size_t n;

	buf_consume(&l->in, l->told);
	l->told = 0;
	n = buf_len(&l->in);
	newline = n > l->looked
			  ? memchr(buf_head(&l->in) + l->looked, '\n', n - l->looked)
			  : NULL;
	l->looked = newline ? 0 : n;
	if (!newline && n < LINES_HOLD && !(ended && (n > 0 || l->open)))
		return false;
	*ret = (struct line_piece){
		.fin = newline || ended,
		.p = n > 0 ? buf_head(&l->in) : "",
		.n = newline ? (size_t)(newline - buf_head(&l->in)) : n,
	};
	l->told = ret->n + (newline != NULL);
	l->looked = 0;
	judge(l, ret);
	return true;
}
