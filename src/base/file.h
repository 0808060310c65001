/* SPDX-License-Identifier: MIT */
/* file.h - a whole file at once, without waiting for anybody. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "buf.h"

/* Open FILE to read it.  A descriptor, yours, or -errno; -EISDIR or -ENOTSUP where it is
 * no regular file, nor /dev/null, which is an empty one: a FIFO's other end could make us
 * wait for as long as it likes. */
int file_open(const char *file);

/* Append all of FILE to B, which holds MOST bytes then at the most.  0, or -errno: as
 * file_open(), -EFBIG, or -ENOMEM. */
int file_read(const char *file, size_t most, struct buf *b);

/* What -errno of these means, in words for the operator. */
const char *file_error(int r);

#endif
