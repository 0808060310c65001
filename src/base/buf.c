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
	const struct buf_store *s = b->store;

	assert(!s || (s->r < s->w && s->w <= s->cap));
	(void)s;
}

/* Move the content to the front of the storage. */
static void compact(struct buf_store *s)
{
	memmove(s->data, s->data + s->r, s->w - s->r);
	s->w -= s->r;
	s->r = 0;
}

/* Give B storage for CAP bytes, no less than its content, which lies at the front of what
 * it has.  0 or -ENOMEM. */
static int resize(struct buf *b, size_t cap)
{
	struct buf_store *s =
		cap <= SIZE_MAX - sizeof(*s) ? realloc(b->store, sizeof(*s) + cap) : NULL;

	if (!s)
		return -ENOMEM;
	if (!b->store)
		s->r = s->w = 0;
	s->cap = cap;
	b->store = s;
	return 0;
}

/* Make room for N bytes behind the content.  0 or -ENOMEM; then B is as it was. */
static int reserve(struct buf *b, size_t n)
{
	size_t need = buf_len(b) + n;
	size_t had = buf_cap(b), cap;

	if (b->store && had - b->store->w >= n)
		return 0;
	if (b->store && b->store->r > 0)
		compact(b->store);
	if (need <= had)
		return 0;
	cap = need + need / 16;
	if (cap < had + BUF_STEP)
		cap = had + BUF_STEP;
	return resize(b, cap);
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
	memcpy(b->store->data + b->store->w, p, n);
	b->store->w += n;
	return 0;
}

/* Put the N bytes at P before the content, which there is. */
static int prepend(struct buf *b, const char *p, size_t n)
{
	int r = reserve(b, n);
	struct buf_store *s = b->store;

	if (r < 0)
		return r;
	assert(s);
	memmove(s->data + s->r + n, s->data + s->r, s->w - s->r);
	memcpy(s->data + s->r, p, n);
	s->w += n;
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

void buf_consume(struct buf *b, size_t n)
{
	struct buf_store *s = b->store;

	check(b);
	assert(n <= buf_len(b));
	if (n == 0)
		return;
	s->r += n;
	if (s->r == s->w) {
		buf_free(b);
	} else if (s->cap > BUF_SMALL && buf_len(b) < s->cap / BUF_SPARSE) {
		compact(s); /* most of the storage lies idle: give it back */
		(void)resize(b, buf_len(b) + BUF_STEP);
	}
}

void buf_cut(struct buf *b, size_t n)
{
	check(b);
	assert(n <= buf_len(b));
	if (n == buf_len(b))
		buf_free(b);
	else
		b->store->w -= n;
}

void buf_free(struct buf *b)
{
	free(b->store);
	b->store = NULL;
}
