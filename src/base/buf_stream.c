/* SPDX-License-Identifier: MIT */
/* A stream whose bytes go to a buffer. */
#include <stdint.h>

#include "buf_stream.h"

/* As write(2), of a stream that buffers: 0 says that it has failed. */
static ssize_t on_write(void *buf, const char *p, size_t n)
{
	return buf_append(buf, p, n, SIZE_MAX) < 0 ? 0 : (ssize_t)n;
}

FILE *buf_stream(struct buf *b)
{
	return fopencookie(b, "w", (cookie_io_functions_t){ .write = on_write });
}
