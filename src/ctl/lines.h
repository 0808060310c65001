/* SPDX-License-Identifier: MIT */
/* lines.h - cuts what is typed into lines, each a message. */
#ifndef CTL_LINES_H
#define CTL_LINES_H

#include "buf.h"
#include "frame.h"
#include "utf8.h"

#define LINES_HOLD (1024 * 1024) /* a longer line goes out in pieces */

struct lines {
	struct buf in;
	size_t looked; /* bytes of it that hold no newline */
	size_t told;   /* bytes of it that the last piece was */
	bool open;     /* a line has been told in part */
	bool is_text;  /* and is a text message */
	struct utf8 utf8;
};

/* A frame's worth. */
struct line_piece {
	enum opcode opcode; /* OP_TEXT, OP_BINARY of what is no UTF-8, OP_CONTINUATION */
	bool fin;
	bool bad;      /* what began as text goes on as something else */
	const char *p; /* until the next call */
	size_t n;
};

/* Append N bytes of P.  0 or -ENOMEM. */
int lines_feed(struct lines *l, const char *p, size_t n);

/* The next piece; with ENDED, what has no newline is the last line. */
bool lines_next(struct lines *l, bool ended, struct line_piece *ret);

void lines_free(struct lines *l);

#endif
