/* SPDX-License-Identifier: MIT */
/* What comes from the server to standard output. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "relay_impl.h"
#include "sys.h"

static void on_data(struct relay *r, const struct ws_event *e)
{
	if (r->out_broken)
		return;
	relay_must(buf_append(&r->out, e->p, e->n, SIZE_MAX));
	if (e->last && !r->conf->raw)
		relay_must(buf_append(&r->out, "\n", 1, SIZE_MAX));
}

/* Only the newest ping is answered (RFC 6455 5.5.3), so that pings cannot pile up. */
static void on_ping(struct relay *r, const struct ws_event *e)
{
	if (r->state != RELAY_OPEN)
		return;
	memcpy(r->pong, e->p, e->n);
	r->pong_n = e->n;
	r->pong_due = true;
}

static void on_close(struct relay *r, const struct ws_event *e)
{
	if (r->state == RELAY_OPEN)
		relay_begin_close(r, e->code, "");
	memcpy(r->close->reason, e->p, e->n);
	r->close->reason[e->n] = 0;
	relay_end_with(r, e->code, NULL);
}

static void on_fail(struct relay *r, const struct ws_event *e)
{
	char text[200];

	snprintf(text, sizeof(text), "the server breaks the protocol: %s", e->reason);
	if (r->state == RELAY_OPEN)
		relay_begin_close(r, e->code, e->reason);
	relay_end_with(r, CLOSE_ABNORMAL, text);
}

void relay_take(struct relay *r, char *p, size_t n)
{
	char *end = p + n;
	struct ws_event e;

	do {
		ws_next(&r->ws, &p, end, &e);
		if (e.type == WS_DATA)
			on_data(r, &e);
		else if (e.type == WS_PING)
			on_ping(r, &e);
		else if (e.type == WS_CLOSE)
			on_close(r, &e);
		else if (e.type == WS_FAIL)
			on_fail(r, &e);
	} while (e.type != WS_MORE);
}

void relay_read_socket(struct relay *r)
{
	static char chunk[RELAY_CHUNK];
	char text[160];
	ssize_t n = wire_read(r->wire, chunk, sizeof(chunk));

	if (n == -EAGAIN)
		return;
	if (n > 0) {
		r->heard = sys_now();
		relay_take(r, chunk, (size_t)n);
		return;
	}
	r->socket_ended = true;
	if (r->state == RELAY_CLOSED)
		return;
	snprintf(text, sizeof(text), "the connection ended without a close frame%s%s",
		 n < 0 ? ": " : "", n < 0 ? strerror((int)-n) : "");
	relay_end_with(r, CLOSE_ABNORMAL, text);
}

/* Nobody reads what comes: the server may stop. */
static void lose_out(struct relay *r, int error)
{
	r->out_broken = true;
	buf_free(&r->out);
	if (error != EPIPE)
		fprintf(stderr, "wsbridgectl: standard output: %s\n", strerror(error));
	if (r->state == RELAY_OPEN)
		relay_begin_close(r, CLOSE_GOING_AWAY, "");
}

static ssize_t write_out(const struct relay *r)
{
	const char *p = buf_head(&r->out);
	size_t n = buf_len(&r->out);
	ssize_t sent = send(r->out_fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);

	return sent < 0 && errno == ENOTSOCK ? write(r->out_fd, p, n) : sent;
}

void relay_flush_out(struct relay *r)
{
	ssize_t n;

	if (buf_len(&r->out) == 0) { /* poll(2) says that its reader has gone */
		lose_out(r, EPIPE);
		return;
	}
	n = write_out(r);
	if (n > 0)
		buf_consume(&r->out, (size_t)n);
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		lose_out(r, errno);
}
