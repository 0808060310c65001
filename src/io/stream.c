/* SPDX-License-Identifier: MIT */
/* A non-blocking byte stream to a client. */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stream.h"

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
