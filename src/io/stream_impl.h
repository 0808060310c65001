/* SPDX-License-Identifier: MIT */
/* stream_impl.h - what the files stream*.c tell each other. */
#ifndef IO_STREAM_IMPL_H
#define IO_STREAM_IMPL_H

#include "stream.h"

/* How a kind of stream does what stream.h says. */
struct stream_ops {
	ssize_t (*read)(struct stream *s, void *p, size_t n);
	ssize_t (*writev)(struct stream *s, const struct iovec *iov, unsigned n);
	void (*watch)(EV_P_ struct stream *s, int events);
	int (*ready)(struct stream *s, int revents);
	void (*finish)(struct stream *s);
};

extern const struct stream_ops stream_plain, stream_tls;

/* ---- stream_tls.c ---- */

#define STREAM_TLS_RECORD 16384 /* bytes that one record holds (RFC 8446 5.1) */

void stream_tls_last(struct stream *s);

/* Send close_notify, unless it was sent already or nobody would read it. */
void stream_tls_close(struct stream *s);

/* Free S's TLS, sending nothing; S is plain. */
void stream_tls_free(struct stream *s);

bool stream_tls_is_cut(const struct stream *s);

/* Why reading or writing gave -EPROTO. */
const char *stream_tls_reason(const struct stream *s);

#endif
