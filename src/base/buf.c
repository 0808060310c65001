/* SPDX-License-Identifier: MIT */
/* A bounded byte buffer with read and write positions. */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"

#define BUF_STEP 512 /* least growth, so that small buffers do not grow byte by byte */
#define BUF_SMALL \
	(64 * 1024)  /* storage that is not worth being given back before the end */
#define BUF_SPARSE 8 /* what a larger one may take for each byte of its content */

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

/* Put the N bytes at P before the content. */
static int prepend(struct buf *b, const char *p, size_t n)
{
	int r = reserve(b, n);

	if (r < 0)
		return r;
	memmove(buf_head(b) + n, buf_head(b), buf_len(b));
	memcpy(buf_head(b), p, n);
	b->w += n;
	return 0;
}

int buf_join(struct buf *b, struct buf *from)
{
	struct buf larger = *from;
	int r;

	if (buf_len(from) <= buf_len(b)) {
		r = buf_append(b, buf_head(from), buf_len(from), SIZE_MAX);
		if (r == 0)
			buf_free(from);
		return r;
	}
	r = buf_len(b) > 0 ? prepend(&larger, buf_head(b), buf_len(b)) : 0;
	*from = larger; /* its storage may have moved */
	if (r < 0)
		return r;
	buf_free(b);
	*b = larger;
	*from = (struct buf){ 0 };
	return 0;
}

/* Most of the storage lies idle: give it back. */
static void shrink(struct buf *b)
{
	size_t cap = buf_len(b) + BUF_STEP;
	char *data;

	compact(b);
	data = realloc(b->data, cap);
	if (!data)
		return;
	b->data = data;
	b->cap = cap;
}

void buf_consume(struct buf *b, size_t n)
{
	check(b);
	assert(n <= buf_len(b));
	b->r += n;
	if (b->r == b->w)
		buf_free(b);
	else if (b->cap > BUF_SMALL && buf_len(b) < b->cap / BUF_SPARSE)
		shrink(b);
}

void buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ 0 };
}
