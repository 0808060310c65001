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
	framing_take(in, n);
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
	size_t n;

	if ((!f->measured && !read_header(f, in)) || (in->n == 0 && f->left > 0))
		return eof && f->first_n > 0 ? framing_bad(f, "cut off") : FRAMING_MORE;
	n = in->n < f->left ? in->n : f->left;
	f->left -= n;
	*ret = (struct piece){
		.p = in->p,
		.n = n,
		.opcode = f->fragmented ? OP_CONTINUATION : f->first[0] & (LAST - 1),
		.last = f->left == 0 && f->first[0] & LAST,
	};
	framing_take(in, n);
	f->fragmented = !ret->last;
	f->measured = f->left > 0;
	if (!f->measured)
		f->first_n = 0;
	return FRAMING_PIECE;
}
