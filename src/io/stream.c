/* SPDX-License-Identifier: MIT */
/* A non-blocking byte stream to a client. */
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stream.h"

/* A connection that lacks an option works without it. */
static void set_tcp(int fd, int option, double value)
{
	int v = (int)ceil(value);

	(void)setsockopt(fd, IPPROTO_TCP, option, &v, sizeof(v));
}

void stream_tune(int fd, const struct stream_conf *conf)
{
	int on = 1;

	if (conf->nodelay)
		set_tcp(fd, TCP_NODELAY, 1);
	if (conf->unsent > 0)
		set_tcp(fd, TCP_NOTSENT_LOWAT, (double)conf->unsent);
	if (conf->keepalive_time <= 0)
		return;
	set_tcp(fd, TCP_KEEPIDLE, conf->keepalive_time);
	set_tcp(fd, TCP_KEEPINTVL, conf->keepalive_interval);
	set_tcp(fd, TCP_KEEPCNT, conf->keepalive_probes);
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

void stream_give_up_after(const struct stream *s, double seconds)
{
	if (seconds > 0)
		set_tcp(s->io.fd, TCP_USER_TIMEOUT, seconds * 1e3);
}

void stream_init(struct stream *s, int fd)
{
	s->io.fd = fd;
	s->open = true;
}

void stream_move(EV_P_ struct stream *from, struct stream *to)
{
	ev_io_stop(EV_A_ & from->io);
	stream_init(to, from->io.fd);
	from->open = false;
}

ssize_t stream_read(struct stream *s, void *p, size_t n)
{
	ssize_t r = read(s->io.fd, p, n);

	return r < 0 ? -errno : r;
}

ssize_t stream_writev(struct stream *s, const struct iovec *iov, unsigned n)
{
	struct msghdr m = { .msg_iov = (struct iovec *)iov, .msg_iovlen = n };
	ssize_t r = sendmsg(s->io.fd, &m, MSG_NOSIGNAL);

	if (r < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	return r;
}

void stream_finish(struct stream *s)
{
	(void)shutdown(s->io.fd, SHUT_WR); /* ENOTCONN: the peer was quicker */
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
	if (abort)
		(void)setsockopt(s->io.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(s->io.fd);
	s->open = false;
}
