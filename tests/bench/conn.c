/* SPDX-License-Identifier: MIT */
/* conn.c - one client connection, WebSocket or plain: socket events become messages. */
#include "conn.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_SIZE (256 * 1024)

/* One for all connections: nothing stays in it between two calls. */
static unsigned char scratch[READ_SIZE];

void conn_die(const struct conn *c, const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "load: client %u: ", c->id);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(EXIT_FAILURE);
}

/* Room for N more bytes of output.  It grows to what the mode keeps in flight. */
static unsigned char *reserve(struct conn *c, size_t n)
{
	if (c->out_start > 0 && c->out_cap - c->out_end < n) {
		memmove(c->out, c->out + c->out_start, c->out_end - c->out_start);
		c->out_end -= c->out_start;
		c->out_start = 0;
	}
	if (c->out_cap - c->out_end < n) {
		c->out_cap = 2 * (c->out_end + n);
		c->out = realloc(c->out, c->out_cap);
		if (!c->out)
			conn_die(c, "out of memory");
	}
	return c->out + c->out_end;
}

static void send_bytes(struct conn *c, const void *p, size_t n)
{
	memcpy(reserve(c, n), p, n);
	c->out_end += n;
}

static void send_frame(struct conn *c, enum ws_opcode opcode, const void *p, size_t n)
{
	size_t size = wsclient_frame_size(n);

	wsclient_frame(reserve(c, size), opcode, p, n);
	c->out_end += size;
}

void conn_send(struct conn *c, const void *p, size_t n)
{
	if (c->target->raw)
		send_bytes(c, p, n);
	else
		send_frame(c, WS_TEXT, p, n);
	c->sent++;
}

void conn_send_eof(struct conn *c)
{
	if (c->target->raw)
		c->eof_wanted = true;
	else
		send_frame(c, WS_BINARY, "", 0);
}

static void send_close(struct conn *c, const void *p, size_t n)
{
	if (c->close_sent)
		return;
	c->close_sent = true;
	send_frame(c, WS_CLOSE, p, n);
}

void conn_send_close(struct conn *c)
{
	if (c->target->raw)
		c->eof_wanted = true;
	else
		send_close(c, "\x03\xe8", 2);
}

void conn_begin_flood(struct conn *c, const struct conn_flood *flood)
{
	c->flood = flood;
	c->flood_at = 0;
	c->flooding = true;
}

void conn_end_flood(struct conn *c)
{
	c->flooding = false;
}

/* The bytes to be sent next.  What is queued goes between two messages of a flood. */
static size_t next_output(const struct conn *c, const unsigned char **ret_p)
{
	size_t queued = c->out_end - c->out_start;
	size_t cut = c->flood ? c->flood_at % c->flood->unit : 0;

	if (c->refused > 0) {
		*ret_p = c->flood->p + c->flood_at;
		return c->refused;
	}
	if (queued > 0 && cut == 0) {
		*ret_p = c->out + c->out_start;
		return queued;
	}
	if (!c->flooding && cut == 0)
		return 0;
	*ret_p = c->flood->p + c->flood_at;
	if (queued > 0 || !c->flooding)
		return c->flood->unit - cut;
	return c->flood->n - c->flood_at;
}

static bool is_queued(const struct conn *c, const unsigned char *p)
{
	return c->out && p == c->out + c->out_start;
}

/* N bytes at P, which next_output() gave, are gone. */
static void advance(struct conn *c, const unsigned char *p, size_t n)
{
	c->refused = 0;
	if (is_queued(c, p)) {
		c->out_start += n;
		if (c->out_start == c->out_end)
			c->out_start = c->out_end = 0;
		return;
	}
	c->flood_sent += n;
	c->flood_at += n;
	if (c->flood_at == c->flood->n)
		c->flood_at = 0;
}

/* The server takes no more.  Why is for the reading side to find out. */
static void discard_output(struct conn *c)
{
	c->out_start = c->out_end = 0;
	c->flooding = false;
	c->flood_at = 0;
	c->refused = 0;
}

/* What TLS wants to read first is not asked for: a writable socket would never rest. */
static bool wants_to_write(const struct conn *c)
{
	const unsigned char *p;

	if (c->state == CONN_CONNECTING)
		return true;
	return next_output(c, &p) > 0 && !(c->tls && SSL_want_read(c->tls));
}

static void watch(struct conn *c)
{
	uint32_t wanted = EPOLLIN;
	struct epoll_event event = { .data.ptr = c };

	if (wants_to_write(c))
		wanted |= EPOLLOUT;
	if (wanted == c->watched)
		return;
	event.events = wanted;
	if (epoll_ctl(c->target->epoll, c->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, c->fd,
		      &event) < 0)
		conn_die(c, "epoll_ctl: %s", strerror(errno));
	c->watched = wanted;
}

void conn_flush(struct conn *c)
{
	const unsigned char *p;
	size_t n;
	ssize_t r;

	while ((n = next_output(c, &p)) > 0) {
		r = c->tls ? tlsclient_write(c->tls, p, n)
			   : send(c->fd, p, n, MSG_NOSIGNAL);
		if (r < 0 && errno != EAGAIN)
			discard_output(c);
		else if (r < 0 && c->tls && !is_queued(c, p))
			c->refused = n;
		if (r < 0)
			break;
		advance(c, p, (size_t)r);
		if ((size_t)r < n || c->flooding)
			break;
	}
	if (c->eof_wanted && next_output(c, &p) == 0) {
		c->eof_wanted = false;
		shutdown(c->fd, SHUT_WR);
	}
	watch(c);
}

/* What one connection has, but not what belongs to the slot: id, memory. */
static void reset(struct conn *c, const struct conn_target *target)
{
	c->target = target;
	c->close_code = 1006;
	c->reset = c->close_sent = c->eof_wanted = false;
	c->watched = 0;
	c->out_start = c->out_end = 0;
	c->flood = NULL;
	c->flooding = false;
	c->flood_at = 0;
	c->flood_sent = 0;
	c->refused = 0;
	memset(&c->parser, 0, sizeof(c->parser));
	c->head_n = c->message_n = 0;
	c->sent = c->received = c->pings = 0;
}

void conn_open(struct conn *c, const struct conn_target *target)
{
	int one = 1;

	reset(c, target);
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		conn_die(c, "socket: %s", strerror(errno));
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	c->state = CONN_CONNECTING;
	if (connect(c->fd, (const struct sockaddr *)&target->address,
		    sizeof(target->address)) < 0 &&
	    errno != EINPROGRESS)
		conn_die(c, "connect: %s", strerror(errno));
	watch(c);
}

void conn_close(struct conn *c)
{
	if (c->state == CONN_CLOSED)
		return;
	tlsclient_close(c->tls);
	c->tls = NULL;
	close(c->fd);
	c->fd = -1;
	c->state = CONN_CLOSED;
}

void conn_free(struct conn *c)
{
	conn_close(c);
	free(c->out);
	free(c->sent_at);
}

static void on_connected(struct conn *c)
{
	char request[CONN_HEAD_MAX];
	int error = 0;
	socklen_t size = sizeof(error);
	size_t n;

	getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
	if (error)
		conn_die(c, "connect: %s", strerror(error));
	if (c->target->raw) {
		c->state = CONN_OPEN;
		c->target->handler->opened(c);
		return;
	}
	if (c->target->tls)
		c->tls = tlsclient_open(c->target->tls, c->fd);
	n = wsclient_request(request, sizeof(request), c->target->host, c->target->path);
	if (n == 0)
		conn_die(c, "the URL is too long");
	c->state = CONN_HANDSHAKE;
	send_bytes(c, request, n);
}

/* How many of the N bytes at P belonged to the head. */
static size_t feed_head(struct conn *c, const unsigned char *p, size_t n)
{
	size_t room = sizeof(c->head) - 1 - c->head_n;
	size_t old = c->head_n;
	char *end;

	memcpy(c->head + old, p, n < room ? n : room);
	c->head_n += n < room ? n : room;
	c->head[c->head_n] = '\0';
	end = strstr(c->head, "\r\n\r\n");
	if (!end && c->head_n == sizeof(c->head) - 1)
		conn_die(c, "the response head does not end");
	if (!end)
		return n;
	end[2] = '\0';
	if (!wsclient_accepted(c->head))
		conn_die(c, "refused: %.*s", (int)strcspn(c->head, "\r"), c->head);
	if (c->tls && tlsclient_declined(c->tls))
		conn_die(c, "the server did not resume the session");
	c->state = CONN_OPEN;
	c->target->handler->opened(c);
	return (size_t)(end + 4 - c->head) - old;
}

static void on_data(struct conn *c, const unsigned char *p, size_t n, bool last)
{
	c->target->handler->data(c, p, n);
	c->message_n += n;
	if (!last)
		return;
	if (c->target->handler->message)
		c->target->handler->message(c);
	c->received++;
	c->message_n = 0;
}

static void feed_raw(struct conn *c, const unsigned char *p, size_t n)
{
	size_t unit = c->target->raw_unit;

	while (n > 0) {
		size_t left = unit - c->message_n;
		size_t take = unit > 0 && left < n ? left : n;

		on_data(c, p, take, unit > 0 && take == left);
		p += take;
		n -= take;
	}
}

static void on_close_frame(struct conn *c, const struct wsclient_piece *piece)
{
	c->close_code = piece->n >= 2 ? piece->p[0] << 8 | piece->p[1] : 1005;
	send_close(c, piece->p, piece->n >= 2 ? 2 : 0);
}

static void feed_frames(struct conn *c, const unsigned char *p, size_t n)
{
	struct wsclient_piece piece;

	for (;;) {
		switch (wsclient_next(&c->parser, &p, &n, &piece)) {
		case WSCLIENT_MORE:
			return;
		case WSCLIENT_DATA:
			on_data(c, piece.p, piece.n, piece.last);
			break;
		case WSCLIENT_PING:
			c->pings++;
			send_frame(c, WS_PONG, piece.p, piece.n);
			break;
		case WSCLIENT_PONG:
			break;
		case WSCLIENT_CLOSE:
			on_close_frame(c, &piece);
			break;
		case WSCLIENT_BAD:
			conn_die(c, "the server broke RFC 6455");
		}
	}
}

static void feed(struct conn *c, const unsigned char *p, size_t n)
{
	if (c->state == CONN_HANDSHAKE) {
		size_t took = feed_head(c, p, n);

		p += took;
		n -= took;
	}
	if (c->target->raw)
		feed_raw(c, p, n);
	else
		feed_frames(c, p, n);
}

static void on_readable(struct conn *c)
{
	ssize_t n = c->tls ? tlsclient_read(c->tls, scratch, sizeof(scratch))
			   : read(c->fd, scratch, sizeof(scratch));

	if (n > 0) {
		feed(c, scratch, (size_t)n);
		return;
	}
	if (n < 0 && errno == EAGAIN)
		return;
	if (c->state == CONN_HANDSHAKE)
		conn_die(c, "closed during the handshake");
	c->reset = n < 0;
	conn_close(c);
	c->target->handler->closed(c);
}

void conn_io(struct conn *c, uint32_t events)
{
	if (c->state == CONN_CONNECTING)
		on_connected(c);
	else if (events & ~(uint32_t)EPOLLOUT)
		on_readable(c);
	if (c->state == CONN_HANDSHAKE || c->state == CONN_OPEN)
		conn_flush(c);
}
