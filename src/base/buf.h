/* SPDX-License-Identifier: MIT */
/*
 * buf.h - a bounded byte buffer with read and write positions.
 *
 *       0            r             w            cap
 *       |  consumed  |   content   |    room     |
 *
 * Invariant: r < w <= cap.  What is empty owns no memory, not even for its positions: an
 * idle session has several.  It grows by a sixteenth at a time, so that what it takes
 * stays within 1.1 x its content + 4 KiB; while it is emptied, within 8 x its content or
 * 64 KiB.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>

struct buf_store {
	size_t r, w, cap;
	char data[];
};

struct buf {
	struct buf_store *store; /* NULL: there is no content */
};

/* The content: buf_len() bytes at buf_head(), which is NULL while there are none. */
static inline size_t buf_len(const struct buf *b)
{
	return b->store ? b->store->w - b->store->r : 0;
}

static inline char *buf_head(const struct buf *b)
{
	return b->store ? b->store->data + b->store->r : NULL;
}

/* How many bytes it has storage for. */
static inline size_t buf_cap(const struct buf *b)
{
	return b->store ? b->store->cap : 0;
}

/* Append N bytes of P (copied), or none.  0, -ENOBUFS when the content would exceed LIMIT
 * bytes, or -ENOMEM. */
int buf_append(struct buf *b, const void *p, size_t n, size_t limit);

/* Append all of FROM's content and leave FROM empty.  The larger of the two stays where
 * it lies, so that it is never held twice.  0, or -ENOMEM: both are as they were. */
int buf_join(struct buf *b, struct buf *from);

/* Forget the first N bytes of the content; the storage goes with the last of them. */
void buf_consume(struct buf *b, size_t n);

/* The same of the last N bytes. */
void buf_cut(struct buf *b, size_t n);

/* Forget everything and give the storage back. */
void buf_free(struct buf *b);

#endif
