/* SPDX-License-Identifier: MIT */
/* A bounded byte buffer with read and write positions. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"

#define BUF_STEP 512 /* least growth, so that small buffers do not grow byte by byte */

static void check(const struct buf *b)
{
	assert(b->r <= b->w && b->w <= b->cap && (b->data || b->cap == 0));
	(void)b;
}

/* Move the content to the front of the storage. */
static void compact(struct buf *b)
{
	memmove(b->data, buf_head(b), buf_len(b));
	b->w -= b->r;
	b->r = 0;
}

/* Make room for N bytes behind the content.  0 or -ENOMEM. */
static int reserve(struct buf *b, size_t n)
{
	size_t need = buf_len(b) + n;
	size_t cap;
	char *data;

	if (b->cap - b->w >= n)
		return 0;
	if (b->r > 0)
		compact(b);
	if (need <= b->cap)
		return 0;
	cap = need + need / 16;
	if (cap < b->cap + BUF_STEP)
		cap = b->cap + BUF_STEP;
	data = realloc(b->data, cap);
	if (!data)
		return -ENOMEM;
	b->data = data;
	b->cap = cap;
	return 0;
}

int buf_append(struct buf *b, const void *p, size_t n, size_t limit)
{
	int r;

	check(b);
	if (n == 0)
		return 0;
	if (buf_len(b) > limit || n > limit - buf_len(b))
		return -ENOBUFS;
	r = reserve(b, n);
	if (r < 0)
		return r;
	memcpy(b->data + b->w, p, n);
	b->w += n;
	return 0;
}

void buf_consume(struct buf *b, size_t n)
{
	check(b);
	assert(n <= buf_len(b));
	b->r += n;
	if (b->r == b->w)
		buf_free(b);
}

void buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ 0 };
}
