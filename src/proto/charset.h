/* SPDX-License-Identifier: MIT */
/*
 * charset.h - text from and to another charset than UTF-8, by iconv(3), with its state
 * across chunks.
 *
 * A text may be cut anywhere: an unfinished character waits for its rest, and the shift
 * state goes on.  Each direction has a converter of its own.
 */
#ifndef PROTO_CHARSET_H
#define PROTO_CHARSET_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

/* The most bytes that one byte of a charset becomes in UTF-8 (TSCII has such). */
#define CHARSET_EXPANSION 12

enum charset_direction {
	CHARSET_DECODE, /* to UTF-8 */
	CHARSET_ENCODE, /* from UTF-8, which is valid */
};

/* What becomes of a character that the other side does not have, or of bytes that are no
 * character. */
enum charset_error {
	CHARSET_REPLACE, /* U+FFFD in UTF-8, else a question mark */
	CHARSET_CLOSE,   /* the text cannot be converted */
};

/* Does NAME, which iconv knows or which is the number of a code page, mean UTF-8? */
bool charset_is_utf8(const char *name);

/* Is the ASCII character C the same byte in NAME, and never a part of another
 * character? */
bool charset_keeps(const char *name, char c);

struct charset;

/* New converter, ready for the beginning of a text.  NAME must outlive it.  0, -EINVAL
 * (iconv does not know NAME) or -ENOMEM. */
int charset_open(const char *name, enum charset_direction direction,
		 enum charset_error error, struct charset **ret);
void charset_free(struct charset *c); /* NULL is a no-op */

/*
 * Convert the next N bytes of a text and append them to OUT.  LAST ends the text: what is
 * unfinished is an error, and the next call begins a text in the initial state.
 *
 * 0, -EILSEQ (CHARSET_CLOSE) or -ENOMEM: then only charset_free() may follow.
 */
int charset_convert(struct charset *c, const char *p, size_t n, bool last,
		    struct buf *out);

#endif
