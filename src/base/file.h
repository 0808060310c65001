/* SPDX-License-Identifier: MIT */
/* file.h - a whole file at once, without waiting for anybody. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "buf.h"

/* Open FILE to read it: a descriptor, yours, or -errno.  Only a regular file will do,
 * or /dev/null, which counts as an empty one (else -EISDIR or -ENOTSUP): the other end
 * of a FIFO could make us wait for as long as it likes. */
int file_open(const char *file);

/* Append all of FILE to B, which may then hold at most MOST bytes.  0, or -errno: that
 * of file_open(), -EFBIG, or -ENOMEM. */
int file_read(const char *file, size_t most, struct buf *b);

/* An -errno of these functions in words for the operator. */
const char *file_error(int r);

#endif
