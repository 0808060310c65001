/* SPDX-License-Identifier: MIT */
/* Bytes for one writev(2): small pieces copied side by side, large ones by reference. */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "gather.h"

void gather_reset(struct gather *g)
{
	g->n = 0;
	g->bytes = 0;
	g->used = 0;
	g->given = NULL;
}

bool gather_fits(const struct gather *g, size_t n)
{
	return n <= GATHER_COPY - g->used && g->n + 2 <= GATHER_IOV;
}

/* Append the N bytes at P, which stay where they are. */
static void refer(struct gather *g, const void *p, size_t n)
{
	assert(g->n < GATHER_IOV);
	g->iov[g->n++] = (struct iovec){ .iov_base = (void *)p, .iov_len = n };
	g->bytes += n;
}

/* The last iovec ends where the next copy goes, so it can be made longer. */
static bool last_is_copy(const struct gather *g)
{
	const struct iovec *last;

	if (g->n == 0)
		return false;
	last = &g->iov[g->n - 1];
	return (char *)last->iov_base + last->iov_len == g->copy + g->used;
}

void gather_copy(struct gather *g, const void *p, size_t n)
{
	char *to = g->copy + g->used;

	if (n == 0)
		return;
	assert(n <= GATHER_COPY - g->used);
	memcpy(to, p, n);
	if (last_is_copy(g)) {
		g->iov[g->n - 1].iov_len += n;
		g->bytes += n;
	} else {
		refer(g, to, n);
	}
	g->used += n;
}

void gather_add(struct gather *g, const void *p, size_t n)
{
	if (n < GATHER_REF_MIN)
		gather_copy(g, p, n);
	else
		refer(g, p, n);
}

void gather_give(struct gather *g, struct buf *b)
{
	assert(!g->given);
	g->given = b;
	g->given_at = g->n;
	refer(g, buf_head(b), buf_len(b));
}

/* Append iov[I] without its first TAKEN bytes. */
static int save_one(const struct gather *g, unsigned i, size_t taken, struct buf *to)
{
	const struct iovec *v = &g->iov[i];

	if (g->given && i == g->given_at) {
		buf_consume(g->given, taken);
		return buf_join(to, g->given);
	}
	return buf_append(to, (const char *)v->iov_base + taken, v->iov_len - taken,
			  SIZE_MAX);
}

int gather_save(const struct gather *g, size_t skip, struct buf *to, size_t limit)
{
	assert(skip <= g->bytes);
	if (buf_len(to) > limit || g->bytes - skip > limit - buf_len(to))
		return -ENOBUFS;
	for (unsigned i = 0; i < g->n; i++) {
		const struct iovec *v = &g->iov[i];
		size_t taken = skip < v->iov_len ? skip : v->iov_len;
		int r = save_one(g, i, taken, to);

		if (r < 0)
			return r;
		skip -= taken;
	}
	return 0;
}
