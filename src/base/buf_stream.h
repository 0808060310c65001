/* SPDX-License-Identifier: MIT */
/* buf_stream.h - a stream whose bytes go to a buffer. */
#ifndef BASE_BUF_STREAM_H
#define BASE_BUF_STREAM_H

#include <stdio.h>

#include "buf.h"

/* A stream that appends to B.  B has what was written once the stream is flushed or
 * closed; that fails when there is no memory for it.  Not open_memstream(3), which
 * moves all of a large text each time that it grows.  NULL: out of memory. */
FILE *buf_stream(struct buf *b);

#endif
