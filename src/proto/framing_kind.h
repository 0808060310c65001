/* SPDX-License-Identifier: MIT */
/* framing_kind.h - what the kinds of framing share and bring; for framing*.c only. */
#ifndef PROTO_FRAMING_KIND_H
#define PROTO_FRAMING_KIND_H

#include "framing.h"

/* framing_decode() of one kind.  IN is empty only at EOF.  It sets what is said of the
 * piece but `transient`; FRAMING_BAD comes from framing_bad(). */
typedef enum framing_result framing_decoder(struct framing *f, struct span *in, bool eof,
					    struct piece *ret);

framing_decoder framing_line_decode;
framing_decoder framing_raw_decode;

/*
 * BYTES, with what was withheld before them, as a piece that is valid UTF-8 where its
 * message is text.  Unless the text ENDS here, an unfinished sequence at the end is
 * withheld: the piece may be empty.  `last` is left to the caller.
 */
enum framing_result framing_piece(struct framing *f, struct span bytes, bool ends,
				  struct piece *ret);

/* FRAMING_BAD, because of REASON (static text). */
enum framing_result framing_bad(struct framing *f, const char *reason);

#endif
