/* SPDX-License-Identifier: MIT */
/* The whole framing: all of a backend's output is one message, told as it comes. */
#include "framing_kind.h"

enum framing_result framing_whole_decode(struct framing *f, struct span *in, bool eof,
					 struct piece *ret)
{
	struct span bytes = *in;

	if (f->over)
		return FRAMING_MORE;
	span_skip(in, in->n);
	f->streaming = true; /* so that its type stays what its first piece said */
	f->over = eof;
	return framing_tell(f, bytes, eof, ret);
}
