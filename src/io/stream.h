/* SPDX-License-Identifier: MIT */
/* stream.h - a non-blocking byte stream to a client. */
#ifndef IO_STREAM_H
#define IO_STREAM_H

#include <ev.h>
#include <stdbool.h>
#include <sys/types.h>
#include <sys/uio.h>

/* Its watcher's callback and data belong to whoever holds the stream; all zero is no
 * stream. */
struct stream {
	ev_io io;
	bool open;
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

/* Make the TCP connection FD as CONF says. */
void stream_tune(int fd, const struct stream_conf *conf);

/* The kernel itself gives up a peer of S that acknowledges nothing for SECONDS (0: its
 * own patience), also where nobody waits for the socket to take more. */
void stream_give_up_after(const struct stream *s, double seconds);

/* Take over the non-blocking FD; no watcher is started. */
void stream_init(struct stream *s, int fd);

/* Hand FROM's descriptor over to TO; FROM holds none afterwards.  Its watcher is stopped.
 */
void stream_move(EV_P_ struct stream *from, struct stream *to);

/* Up to N bytes to P: their number, 0 at the end of the stream, -EAGAIN, or another
 * -errno. */
ssize_t stream_read(struct stream *s, void *p, size_t n);

/* How many bytes of the N vectors at IOV were taken: 0 when none can be now, or -errno.
 */
ssize_t stream_writev(struct stream *s, const struct iovec *iov, unsigned n);

/* Nothing will be written any more: the peer sees the end of the stream. */
void stream_finish(struct stream *s);

/* Does the socket know that the peer has ended (*ret_fin) or is gone (true), though
 * nobody reads it? libev cannot tell while reading is paused. */
bool stream_gone(const struct stream *s, bool *ret_fin);

/* Close; with ABORT the peer gets an RST instead of what is still unsent. */
void stream_close(EV_P_ struct stream *s, bool abort);

#endif
