/* SPDX-License-Identifier: MIT */
/* framing_kind.h - what the kinds of framing share and bring; for framing*.c only. */
#ifndef PROTO_FRAMING_KIND_H
#define PROTO_FRAMING_KIND_H

#include "framing.h"

/* framing_decode() of one kind.  IN is empty only at EOF.  It sets all of the piece
 * but `transient`; FRAMING_BAD comes from framing_bad(). */
typedef enum framing_result framing_decoder(struct framing *f, struct span *in, bool eof,
					    struct piece *ret);

framing_decoder framing_separated_decode;
framing_decoder framing_raw_decode;
framing_decoder framing_measured_decode;
framing_decoder framing_whole_decode;
framing_decoder framing_message_decode;

/* Write the header of a message of N bytes to OUT (`head` of struct framing_ends): its
 * size. */
typedef size_t framing_header_writer(size_t n, char *out);

framing_header_writer framing_netstring_write;
framing_header_writer framing_u32be_write;

enum framing_header { HEADER_MORE, HEADER_DONE, HEADER_BAD };

/* Read the header at the beginning of the N bytes at P (1 at least): its own size,
 * less than FRAMING_FIRST, and the length of the payload behind it. */
typedef enum framing_header framing_header_reader(const char *p, size_t n,
						  size_t *ret_size, size_t *ret_length);

framing_header_reader framing_netstring_read;
framing_header_reader framing_u32be_read;

/* Write the header of a piece of N bytes, of a message of type OPCODE: its size. */
size_t framing_message_write(enum opcode opcode, bool last, size_t n, char *out);

/* One kind. */
struct framing_row {
	struct framing_traits traits;
	struct span tail; /* ends a message; of separated kinds the separator */
	bool text_only;   /* only text messages to the backend get the tail */
	bool cuts_cr;     /* a CR before the separator belongs to it */
	framing_decoder *decode;
	framing_header_writer *write_header; /* these two only if measured */
	framing_header_reader *read_header;
	size_t (*write_piece_header)(enum opcode opcode, bool last, size_t n, char *out);
	const char *broken, *too_big, *cut_off; /* reasons */
};

/*
 * BYTES, with what was withheld before them, as a piece that is valid UTF-8 where its
 * message is text.  Unless the text ENDS here, an unfinished sequence at the end is
 * withheld: the piece may be empty.  `last` is left to the caller.
 */
enum framing_result framing_piece(struct framing *f, struct span bytes, bool ends,
				  struct piece *ret);

/* RET is a piece of UTF-8 text, BYTES: put what was withheld before it and withhold what
 * is unfinished, as framing_piece() does. */
enum framing_result framing_text(struct framing *f, struct span bytes, bool ends,
				 struct piece *ret);

/* The same as framing_piece() for a message that is told in one piece or several;
 * LAST: this one ends it.  FRAMING_MORE: all of TEXT is withheld. */
enum framing_result framing_tell(struct framing *f, struct span text, bool last,
				 struct piece *ret);

/* Append the first N bytes of IN to what is held.  False: out of memory. */
bool framing_hold(struct framing *f, struct span *in, size_t n);

/* What is held, as the next piece. */
struct span framing_held(struct framing *f);

/* FRAMING_BAD, because of REASON (static text). */
enum framing_result framing_bad(struct framing *f, const char *reason);

#endif
