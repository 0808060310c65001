/* SPDX-License-Identifier: MIT */
/* A client's byte stream that never waits, plain or through TLS. */
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "addr.h"
#include "sys.h"
#include "wire.h"

/* ---- to whom ---- */

static bool say_unreachable(const struct ws_url *u, const char *why)
{
	fprintf(stderr, "wsbridgectl: %.*s%s: %s\n", u->is_unix ? 0 : (int)u->authority.n,
		u->authority.p, u->is_unix ? u->name : "", why);
	return false;
}

/* 0 once FD is connected to ADDR, else -errno. */
static int connect_until(struct wire *w, const struct sockaddr *addr, socklen_t n,
			 double end)
{
	socklen_t size = sizeof(int);
	int error = 0;

	if (connect(w->fd, addr, n) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return -errno;
	if (!wire_wait(w, POLLOUT, end))
		return -ETIMEDOUT;
	if (getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		return -errno;
	return -error;
}

static int try_address(struct wire *w, const struct sockaddr *addr, socklen_t n,
		       double end)
{
	int r;

	w->fd = socket(addr->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (w->fd < 0)
		return -errno;
	r = connect_until(w, addr, n, end);
	if (r < 0) {
		close(w->fd);
		w->fd = -1;
	}
	return r;
}

static bool open_unix(struct wire *w, const struct ws_url *u, double end)
{
	struct addr at;
	int r;

	if (!addr_unix(u->name, &at))
		return say_unreachable(u, "too long for a Unix socket");
	r = try_address(w, &at.sa, at.len, end);
	return r == 0 || say_unreachable(u, strerror(-r));
}

/* Until when the first of the addresses A may be tried: they share the time to END, so
 * that one that does not answer hides no other. */
static double end_of_first(const struct addrinfo *a, double end)
{
	double now = sys_now();
	unsigned n = 0;

	for (; a; a = a->ai_next)
		n++;
	return now + (end - now) / n;
}

/* Each address of the host in turn. */
static bool open_tcp(struct wire *w, const struct ws_url *u, double end)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_NUMERICSERV };
	struct addrinfo *all, *a;
	int one = 1, r = -EADDRNOTAVAIL;
	char port[8];

	snprintf(port, sizeof(port), "%u", u->port);
	r = getaddrinfo(u->name, port, &hints, &all);
	if (r != 0)
		return say_unreachable(u, gai_strerror(r));
	for (a = all; a; a = a->ai_next) {
		r = try_address(w, a->ai_addr, a->ai_addrlen, end_of_first(a, end));
		if (r == 0)
			break;
	}
	freeaddrinfo(all);
	if (r < 0)
		return say_unreachable(u, strerror(-r));
	(void)setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return true;
}

static bool secure(struct wire *w, const struct ws_url *u,
		   const struct wire_tls_conf *conf, double end)
{
	int r;

	if (!wire_tls_begin(w, u, conf))
		return false;
	while ((r = wire_tls_handshake(w, u)) == -EAGAIN)
		if (!wire_wait(w, wire_events(w, true, false), end))
			return say_unreachable(u, "no TLS handshake in time");
	return r == 0;
}

bool wire_open(struct wire *w, const struct ws_url *u, const struct wire_tls_conf *conf,
	       double end)
{
	*w = (struct wire){ .fd = -1 };
	if (!(u->is_unix ? open_unix : open_tcp)(w, u, end))
		return false;
	return !u->secure || secure(w, u, conf, end);
}

void wire_close(struct wire *w)
{
	if (w->context)
		wire_tls_close(w);
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

/* ---- its bytes ---- */

ssize_t wire_read(struct wire *w, void *p, size_t n)
{
	ssize_t r;

	if (w->ssl)
		return wire_tls_read(w, p, n);
	r = recv(w->fd, p, n, 0);
	if (r < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	return r;
}

ssize_t wire_write(struct wire *w, const void *p, size_t n)
{
	ssize_t r;

	if (w->ssl)
		return wire_tls_write(w, p, n);
	r = send(w->fd, p, n, MSG_NOSIGNAL);
	if (r < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	return r;
}

short wire_events(const struct wire *w, bool read, bool write)
{
	short events = 0;

	if (read)
		events |= w->read_needs_write ? POLLOUT : POLLIN;
	if (write)
		events |= w->write_needs_read ? POLLIN : POLLOUT;
	return events;
}

bool wire_pending(const struct wire *w)
{
	return w->ssl && !w->broken && SSL_pending(w->ssl) > 0;
}

bool wire_wait(const struct wire *w, short events, double end)
{
	struct pollfd p = { .fd = w->fd, .events = events };
	double left;
	int r;

	do {
		left = end - sys_now();
		r = left > 0 ? poll(&p, 1, (int)(left * 1000) + 1) : 0;
	} while (r < 0 && errno == EINTR);
	return r > 0;
}
