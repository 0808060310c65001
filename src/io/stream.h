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

/* Its watcher's callback and data belong to whoever holds the stream; all zero is no
 * stream. */
struct stream {
	ev_io io;
	bool open;
	bool last;                    /* stream_last() */
	const struct stream_ops *ops; /* plain, or TLS ... */
	struct stream_tls *tls;       /* ... with this; NULL: plain */
};

/* What is asked of TCP. */
struct stream_conf {
	bool nodelay;
	size_t unsent; /* bytes that the kernel takes beyond what is on its way; 0: as it
			* likes */
	double keepalive_time;     /* seconds of silence before it is asked whether the
				    * peer is there; 0: never */
	double keepalive_interval; /* and again */
	unsigned keepalive_probes; /* times in vain, then the peer is gone */
};

/* Make the TCP connection FD as CONF says, or, of a socket that listens, those that come
 * to it from now on: the kernel has them inherit all of it. */
void stream_tune(int fd, const struct stream_conf *conf);

/* The kernel itself gives up a peer of S that acknowledges nothing for SECONDS (0: its
 * own patience), also where nobody waits for the socket to take more. */
void stream_give_up_after(const struct stream *s, double seconds);

/* How many bytes that were written to S its peer has not acknowledged, or had not when
 * the kernel gave it up. */
size_t stream_unacknowledged(const struct stream *s);

/* Take over the non-blocking FD, plain; no watcher is started. */
void stream_init(struct stream *s, int fd);

/*
 * What S reads and writes from now on goes through TLS, of which S is the server; reading
 * makes the handshake.  0 or -ENOMEM.  A plain S that is open.
 */
int stream_secure(struct stream *s, const struct tls *tls);

/* S is plain again: what is written now can be read by a peer that does not speak TLS, or
 * not well. */
void stream_unsecure(struct stream *s);

/* What TLS has agreed on with the client (tls.h): end with free().  NULL: S is plain, its
 * handshake is not over, or out of memory. */
struct tls_seen *stream_tls_seen(const struct stream *s);

/* Tell of each step of S's TLS handshake, and each alert, as OpenSSL calls it; from now
 * on, or with NULL no more. */
typedef void stream_tls_step(void *data, const char *step);
void stream_tls_tell(struct stream *s, stream_tls_step *tell, void *data);

/* Hand FROM's descriptor over to TO, whose watcher has a callback; FROM holds none
 * afterwards.  TO is watched as FROM was, until it is told otherwise. */
void stream_move(EV_P_ struct stream *from, struct stream *to);

/*
 * Up to N bytes to P: their number, 0 at the end of the stream, -EAGAIN, or another
 * -errno; with TLS also -EPROTO, the peer breaks TLS, and -EPROTONOSUPPORT, its first
 * byte is a letter, as HTTP's.  Then nothing else will come.
 */
ssize_t stream_read(struct stream *s, void *p, size_t n);

/*
 * How many bytes of the N vectors at IOV were taken: 0 when none can be now, or -errno.
 * What was not taken must come again, before anything else and no less of it: TLS may
 * have encrypted it already.
 */
ssize_t stream_writev(struct stream *s, const struct iovec *iov, unsigned n);

/* Wait for S to be ready for EVENTS (EV_READ, EV_WRITE, both; 0: for nothing).  TLS may
 * have to write in order to read, and have read more than it has given. */
void stream_watch(EV_P_ struct stream *s, int events);

/* What of it S is ready for, now that its watcher's callback was called with REVENTS. */
int stream_ready(struct stream *s, int revents);

/* How many bytes of what was not taken may have to come again as they were, if there are
 * as many. */
size_t stream_committed(const struct stream *s);

/* What is written from now on is the last: stream_finish() or stream_close() comes as
 * soon as it is taken, and both leave in one packet. */
void stream_last(struct stream *s);

/* Nothing will be written any more: the peer sees the end of the stream. */
void stream_finish(struct stream *s);

/* Has the end of the stream come without the close_notify that TLS ends with?  What came
 * before may have been cut (RFC 8446 6.1). */
bool stream_is_cut(const struct stream *s);

/* The -errno of reading S or writing to it in words; static, until the next call. */
const char *stream_strerror(const struct stream *s, ssize_t error);

/* Does the socket know that the peer has ended (*ret_fin) or is gone (true), though
 * nobody reads it? libev cannot tell while reading is paused. */
bool stream_gone(const struct stream *s, bool *ret_fin);

/* Close; with ABORT the peer gets an RST instead of what is still unsent. */
void stream_close(EV_P_ struct stream *s, bool abort);

#endif
