/* SPDX-License-Identifier: MIT */
/* stream.h - a non-blocking byte stream to a client, plain or TLS. */
#ifndef IO_STREAM_H
#define IO_STREAM_H

#include <ev.h>
#include <stdbool.h>
#include <sys/types.h>
#include <sys/uio.h>

struct stream_ops;
struct tls;
struct tls_seen;

/* The callback and data of `io` belong to whoever holds the stream.  All zero: no
 * stream. */
struct stream {
	ev_io io;
	bool open;
	bool last;                    /* stream_last() was called */
	const struct stream_ops *ops; /* plain, or TLS ... */
	struct stream_tls *tls;       /* ... with this; NULL: plain */
};

/* Options of a TCP connection. */
struct stream_conf {
	bool nodelay;
	size_t unsent; /* TCP_NOTSENT_LOWAT: bytes that the kernel takes beyond those in
			  flight; 0: its own choice */
	double keepalive_time;     /* seconds of silence before a probe; 0: none */
	double keepalive_interval; /* seconds between two probes */
	unsigned keepalive_probes; /* unanswered ones after which the peer is gone */
};

/* Set the options CONF on the TCP connection FD; or on a listening socket, from which
 * the kernel lets its future connections inherit all of them. */
void stream_tune(int fd, const struct stream_conf *conf);

/* Let the kernel itself give up a peer of S that acknowledges nothing for SECONDS
 * (TCP_USER_TIMEOUT; 0: the kernel's own patience), also while nobody waits to write. */
void stream_give_up_after(const struct stream *s, double seconds);

/* How many bytes written to S its peer has not acknowledged, or had not when the
 * kernel gave it up. */
size_t stream_unacknowledged(const struct stream *s);

/* Take over the non-blocking FD, plain; no watcher is started. */
void stream_init(struct stream *s, int fd);

/*
 * From now on S, which is open and plain, reads and writes through TLS as the server;
 * reading makes the handshake.  0 or -ENOMEM.
 */
int stream_secure(struct stream *s, const struct tls *tls);

/* Make S plain again, to write to a peer that does not speak TLS, or breaks it. */
void stream_unsecure(struct stream *s);

/* What the TLS handshake has agreed on (tls.h); end with free().  NULL: S is plain,
 * the handshake is not over, or out of memory. */
struct tls_seen *stream_tls_seen(const struct stream *s);

/* Call TELL with DATA for each step of S's TLS handshake and each alert, in OpenSSL's
 * words; with NULL no more. */
typedef void stream_tls_step(void *data, const char *step);
void stream_tls_tell(struct stream *s, stream_tls_step *tell, void *data);

/* Move FROM's descriptor and TLS to TO, whose watcher has a callback; FROM is no
 * stream afterwards.  TO waits for what FROM waited for, until stream_watch() says
 * otherwise. */
void stream_move(EV_P_ struct stream *from, struct stream *to);

/*
 * Read up to N bytes to P: their number, 0 at the end of the stream, -EAGAIN, or another
 * -errno; with TLS also -EPROTO, the peer breaks TLS, and -EPROTONOSUPPORT, its first
 * byte is a letter, as HTTP's.  After any error but -EAGAIN nothing else will come.
 */
ssize_t stream_read(struct stream *s, void *p, size_t n);

/*
 * Write the N vectors at IOV: how many of their bytes were taken, 0 when none can be now,
 * or -errno.  What was not taken has to be offered again, before anything else and no
 * less of it: TLS may have encrypted it already.
 */
ssize_t stream_writev(struct stream *s, const struct iovec *iov, unsigned n);

/* Wait for S to be ready for EVENTS (EV_READ, EV_WRITE, both, or 0 for nothing).  That
 * is not always what the socket is ready for: TLS may have to write in order to read,
 * and may hold bytes that it has read ahead. */
void stream_watch(EV_P_ struct stream *s, int events);

/* Which of those EVENTS S is ready for, now that its watcher was called with REVENTS. */
int stream_ready(struct stream *s, int revents);

/* How many of the bytes that stream_writev() did not take may not change any more, if
 * there are as many. */
size_t stream_committed(const struct stream *s);

/* What is written from now on is the last of S: stream_finish() or stream_close()
 * follows as soon as it is taken, so that the end leaves in the same packet. */
void stream_last(struct stream *s);

/* Nothing will be written any more: the peer sees the end of the stream. */
void stream_finish(struct stream *s);

/* Has the stream ended without the close_notify of TLS?  What came before may have
 * been truncated (RFC 8446 6.1). */
bool stream_is_cut(const struct stream *s);

/* An -errno of reading or writing S in words; static, until the next call. */
const char *stream_strerror(const struct stream *s, ssize_t error);

/* Is the peer gone (true), or has it ended its side (*ret_fin), though nobody reads S?
 * libev cannot tell while reading is paused. */
bool stream_gone(const struct stream *s, bool *ret_fin);

/* Close S.  ABORT: the peer gets an RST instead of what is still unsent. */
void stream_close(EV_P_ struct stream *s, bool abort);

#endif
