/* SPDX-License-Identifier: MIT */
/*
 * gather.h - bytes for one writev(2): small pieces side by side, large by reference.
 *
 * One gather serves a whole loop: reset, fill, writev(g->iov, g->n), save what it left.
 */
#ifndef BASE_GATHER_H
#define BASE_GATHER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#include "buf.h"

#define GATHER_IOV 256 /* 64 KiB in messages of GATHER_REF_MIN are one write */
#define GATHER_COPY (128 * 1024)
#define GATHER_REF_MIN 1024 /* from here on a copy costs more than an iovec */

struct gather {
	struct iovec iov[GATHER_IOV];
	unsigned n;        /* iovecs in use */
	size_t bytes;      /* in all iovecs */
	size_t used;       /* of `copy` */
	struct buf *given; /* the owner of what iov[given_at] refers to; NULL: no
			      gather_give() yet */
	unsigned given_at;
	char copy[GATHER_COPY];
};

/* Make G empty; also before its first use. */
void gather_reset(struct gather *g);

/* Would N more bytes of copy and two more iovecs fit?  Enough for a frame: its header
 * copied, its payload copied too or added by reference. */
bool gather_fits(const struct gather *g, size_t n);

/* Append a copy of the N bytes at P.  They must fit: ask gather_fits() before. */
void gather_copy(struct gather *g, const void *p, size_t n);

/* Append the N bytes at P: a copy below GATHER_REF_MIN, else a reference: P must stay as
 * it is until writev(2) and gather_save() are done.  They must fit: gather_fits(). */
void gather_add(struct gather *g, const void *p, size_t n);

/* Append the content of B by reference.  gather_save() may then move B's storage
 * instead of copying it: what it does not need stays in B, usually nothing.  At most
 * once after each gather_reset(); needs room for two iovecs. */
void gather_give(struct gather *g, struct buf *b);

/* Append to TO all bytes of G but the first SKIP, which writev(2) took.  0, -ENOBUFS (the
 * content would exceed LIMIT bytes: nothing is appended), or -ENOMEM (a part may be
 * appended: give the stream up). */
int gather_save(const struct gather *g, size_t skip, struct buf *to, size_t limit);

#endif
