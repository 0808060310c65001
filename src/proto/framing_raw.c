/* SPDX-License-Identifier: MIT */
/* The raw framing: each read of a backend's output is a message. */
#include "framing_kind.h"

enum framing_result framing_raw_decode(struct framing *f, struct span *in, bool eof,
				       struct piece *ret)
{
	struct span bytes = *in;
	enum framing_result r = framing_piece(f, bytes, eof, ret);

	span_skip(in, in->n);
	if (r != FRAMING_PIECE)
		return r;
	ret->last = true;
	return ret->n > 0 ? FRAMING_PIECE : FRAMING_MORE; /* all of it is withheld */
}
