/* SPDX-License-Identifier: MIT */
/* A non-blocking byte stream to a client: the plain kind, and what both kinds share. */
#include <errno.h>
#include <linux/sockios.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stream_impl.h"
#include "watch.h"

/* A connection that lacks an option works without it. */
static void set_tcp(int fd, int option, double value)
{
	int v = (int)ceil(value);

	(void)setsockopt(fd, IPPROTO_TCP, option, &v, sizeof(v));
}

void stream_tune(int fd, const struct stream_conf *conf)
{
	int asks = conf->keepalive_time > 0;

	set_tcp(fd, TCP_NODELAY, conf->nodelay);
	set_tcp(fd, TCP_NOTSENT_LOWAT, (double)conf->unsent);
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &asks, sizeof(asks));
	if (!asks)
		return;
	set_tcp(fd, TCP_KEEPIDLE, conf->keepalive_time);
	set_tcp(fd, TCP_KEEPINTVL, conf->keepalive_interval);
	set_tcp(fd, TCP_KEEPCNT, conf->keepalive_probes);
}

void stream_give_up_after(const struct stream *s, double seconds)
{
	if (seconds > 0)
		set_tcp(s->io.fd, TCP_USER_TIMEOUT, seconds * 1e3);
}

size_t stream_unacknowledged(const struct stream *s)
{
	int n = 0;

	return ioctl(s->io.fd, SIOCOUTQ, &n) == 0 ? (size_t)n : 0;
}

/* ---- plain ---- */

static ssize_t plain_read(struct stream *s, void *p, size_t n)
{
	ssize_t r = read(s->io.fd, p, n);

	return r < 0 ? -errno : r;
}

static ssize_t plain_writev(struct stream *s, const struct iovec *iov, unsigned n)
{
	struct msghdr m = { .msg_iov = (struct iovec *)iov, .msg_iovlen = n };
	ssize_t r = sendmsg(s->io.fd, &m, MSG_NOSIGNAL | (s->last ? MSG_MORE : 0));

	if (r < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	return r;
}

static void plain_watch(EV_P_ struct stream *s, int events)
{
	watch(EV_A_ & s->io, events);
}

static int plain_ready(struct stream *s, int revents)
{
	(void)s;
	return revents;
}

static void plain_finish(struct stream *s)
{
	(void)shutdown(s->io.fd, SHUT_WR); /* ENOTCONN: the peer was quicker */
}

const struct stream_ops stream_plain = {
	.read = plain_read,
	.writev = plain_writev,
	.watch = plain_watch,
	.ready = plain_ready,
	.finish = plain_finish,
};

/* ---- both ---- */

void stream_init(struct stream *s, int fd)
{
	s->io.fd = fd;
	s->open = true;
	s->last = false;
	s->ops = &stream_plain;
	s->tls = NULL;
}

void stream_unsecure(struct stream *s)
{
	if (s->tls)
		stream_tls_free(s);
}

void stream_move(EV_P_ struct stream *from, struct stream *to)
{
	bool watched = ev_is_active(&from->io);
	int events = from->io.events & (EV_READ | EV_WRITE);

	stream_watch(EV_A_ from, 0);
	ev_io_stop(EV_A_ & from->io);
	stream_init(to, from->io.fd);
	to->ops = from->ops;
	to->tls = from->tls;
	from->tls = NULL;
	from->open = false;
	if (!watched)
		return;
	ev_io_modify(&to->io, events); /* libev knows this descriptor already */
	ev_io_start(EV_A_ & to->io);
}

ssize_t stream_read(struct stream *s, void *p, size_t n)
{
	return s->ops->read(s, p, n);
}

ssize_t stream_writev(struct stream *s, const struct iovec *iov, unsigned n)
{
	return s->ops->writev(s, iov, n);
}

void stream_watch(EV_P_ struct stream *s, int events)
{
	s->ops->watch(EV_A_ s, events);
}

int stream_ready(struct stream *s, int revents)
{
	return s->ops->ready(s, revents);
}

size_t stream_committed(const struct stream *s)
{
	return s->tls ? STREAM_TLS_RECORD : 0;
}

void stream_last(struct stream *s)
{
	s->last = true;
	if (s->tls)
		stream_tls_last(s);
}

void stream_finish(struct stream *s)
{
	s->ops->finish(s);
}

bool stream_is_cut(const struct stream *s)
{
	return s->tls && stream_tls_is_cut(s);
}

const char *stream_strerror(const struct stream *s, ssize_t error)
{
	return s->tls && error == -EPROTO ? stream_tls_reason(s) : strerror((int)-error);
}

bool stream_gone(const struct stream *s, bool *ret_fin)
{
	struct pollfd p = { .fd = s->io.fd, .events = POLLRDHUP };

	if (poll(&p, 1, 0) <= 0)
		return false;
	*ret_fin = p.revents & POLLRDHUP;
	return p.revents & (POLLERR | POLLHUP | POLLNVAL);
}

void stream_close(EV_P_ struct stream *s, bool abort)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	if (!s->open)
		return;
	ev_io_stop(EV_A_ & s->io);
	if (s->tls && !abort)
		stream_tls_close(s);
	stream_unsecure(s);
	if (abort)
		(void)setsockopt(s->io.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(s->io.fd);
	s->open = false;
}
