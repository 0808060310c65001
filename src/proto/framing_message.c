/* SPDX-License-Identifier: MIT */
/* Messages that lie in a stream of our own: no type, no end and no byte of them is lost.
 */
#include <string.h>

#include "framing_kind.h"

#define SIZE \
	5 /* of the header: opcode and LAST, then the length, its highest byte first */
#define LAST 0x80

size_t framing_message_write(enum opcode opcode, bool last, size_t n, char *out)
{
	out[0] = (char)(opcode | (last ? LAST : 0));
	for (int i = 1; i < SIZE; i++)
		out[i] = (char)(n >> (8 * (SIZE - 1 - i)));
	return SIZE;
}

/* The header, as far as it is in IN.  Is it complete? */
static bool read_header(struct framing *f, struct span *in)
{
	size_t n = SIZE - f->first_n;

	if (n > in->n)
		n = in->n;
	memcpy(f->first + f->first_n, in->p, n);
	f->first_n += (uint8_t)n;
	span_skip(in, n);
	if (f->first_n < SIZE)
		return false;
	f->left = 0;
	for (int i = 1; i < SIZE; i++)
		f->left = f->left << 8 | (unsigned char)f->first[i];
	f->measured = true;
	return true;
}

enum framing_result framing_message_decode(struct framing *f, struct span *in, bool eof,
					   struct piece *ret)
{
	enum opcode opcode;
	struct span bytes;

	if ((!f->measured && !read_header(f, in)) || (in->n == 0 && f->left > 0))
		return eof && f->first_n > 0 ? framing_bad(f, "cut off") : FRAMING_MORE;
	bytes = (struct span){ in->p, in->n < f->left ? in->n : f->left };
	f->left -= bytes.n;
	opcode = f->first[0] & (LAST - 1);
	*ret = (struct piece){
		.p = bytes.p,
		.n = bytes.n,
		.opcode = f->fragmented ? OP_CONTINUATION : opcode,
		.last = f->left == 0 && f->first[0] & LAST,
	};
	span_skip(in, bytes.n);
	f->fragmented = !ret->last;
	f->measured = f->left > 0;
	if (!f->measured)
		f->first_n = 0;
	/* Text has been found valid as a whole, but a client cuts it as it likes. */
	if (opcode == OP_TEXT && (!ret->last || f->tail_n > 0))
		return framing_text(f, bytes, ret->last, ret);
	return FRAMING_PIECE;
}
