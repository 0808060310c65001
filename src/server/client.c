/* SPDX-License-Identifier: MIT */
/* A client that has come: its head is read, and its answer goes out. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "client_impl.h"
#include "hooks.h"
#include "log.h"

static struct ev_loop *loop_of(const struct client *c)
{
	return c->server->loop;
}

const char *client_who(const struct client *c, char *out)
{
	return session_who(c->id, c->path ? c->path : "", out);
}

void client_answered(struct client *c, int status)
{
	c->answered = true;
	c->server->stats.answers[status]++;
}

/* What a step of its request waits for is not wanted any more. */
static void cancel(struct client *c)
{
	void (*say)(struct client * c) = c->cancel;

	c->cancel = NULL;
	if (say)
		say(c);
}

void client_drop(struct client *c)
{
	struct server *s = c->server;

	if (c->state == CLIENT_DEAD)
		return;
	cancel(c);
	turn_forget(&s->bridge.turn, &c->turn);
	turn_forget(&s->bridge.turn, &c->expiry);
	c->state = CLIENT_DEAD;
	ev_timer_stop(s->loop, &c->deadline);
	stream_close(s->loop, &c->stream, false);
	if (c->download) {
		download_leave(c);
	} else {
		TAILQ_REMOVE(&s->clients, c, link);
		s->nclients--;
	}
	TAILQ_INSERT_TAIL(&s->dead_clients, c, link);
	if (!c->answered)
		s->stats.unanswered[c->end]++;
}

void client_drop_for_memory(struct client *c)
{
	char who[SESSION_WHO];

	log_error(client_who(c, who), "dropped: out of memory");
	client_drop(c);
}

void client_free(struct client *c)
{
	struct heap *heap = &c->server->bridge.heap;

	TAILQ_REMOVE(&c->server->dead_clients, c, link);
	if (c->of_peer > 0)
		peers_remove(&c->server->peers, &c->peer);
	routes_unref(c->routes);
	buf_free(&c->head);
	free(c->path);
	verdict_free(c->verdict);
	free(c->grant);
	free(c->fields);
	free(c->seen);
	tls_unref(c->tls);
	buf_free(&c->out);
	download_free(c->download);
	free(c);
	heap_left(heap);
}

void client_set_deadline(struct client *c, double seconds)
{
	turn_forget(&c->server->bridge.turn, &c->expiry); /* another one had passed */
	ev_timer_stop(loop_of(c), &c->deadline);
	ev_timer_set(&c->deadline, seconds, 0);
	if (seconds > 0)
		ev_timer_start(loop_of(c), &c->deadline);
}

/* ---- the request ---- */

/* Nothing more can be read: the stream's end, or the -errno R. */
static void on_end(struct client *c, ssize_t r)
{
	switch (r) {
	case -EPROTO:
		client_tls_refuse(c, r);
		break;
	case -EPROTONOSUPPORT:
		client_tls_failed(c, "no TLS");
		stream_unsecure(&c->stream);
		c->secure = false;
		answer_error(c, 400, "this port speaks TLS; use https:// or wss://");
		break;
	case -ENOMEM:
		client_tls_failed(c, "out of memory");
		client_drop_for_memory(c);
		break;
	default:
		client_tls_failed(c, r == 0 ? "connection lost"
					    : stream_strerror(&c->stream, r));
		client_drop(c);
	}
}

static void read_head(struct client *c)
{
	size_t most = c->server->routes->conf->limits.max_header;
	char *p = c->server->bridge.scratch.read;
	ssize_t n = stream_read(&c->stream, p, most < TURN_BYTES ? most : TURN_BYTES);

	if (c->tls && !c->seen)
		client_tls_look(c);
	if (n == -EAGAIN || n == -EINTR)
		return;
	if (n <= 0 || (c->tls && !c->seen) || /* no memory for it */
	    buf_append(&c->head, p, (size_t)n, SIZE_MAX) < 0) {
		on_end(c, n > 0 ? -ENOMEM : n);
		return;
	}
	switch (http_parse(&c->http, buf_head(&c->head), buf_len(&c->head))) {
	case HTTP_MORE:
		break;
	case HTTP_BAD:
		if (!c->http.lacks_host || answer_health(c) == STEP_NEXT)
			answer_error(c, c->http.status, c->http.reason);
		break;
	case HTTP_DONE:
		request_begin(c);
		break;
	}
}

/* ---- the answer ---- */

static void write_answer(struct client *c)
{
	struct iovec v = { buf_head(&c->out), buf_len(&c->out) };
	ssize_t n = v.iov_len > 0 ? stream_writev(&c->stream, &v, 1) : 0;

	if (n < 0) {
		client_drop(c);
		return;
	}
	buf_consume(&c->out, (size_t)n);
	if (buf_len(&c->out) > 0 || (c->download && !download_send(c)))
		return;
	stream_finish(&c->stream);
	if (c->state == CLIENT_HEARING) {
		client_drop(c);
		return;
	}
	c->state = CLIENT_LINGERING;
	client_set_deadline(c, CLIENT_LINGER);
}

/* What a client still says while it is answered means nothing. */
static void discard(struct client *c)
{
	ssize_t n = stream_read(&c->stream, c->server->bridge.scratch.read, TURN_BYTES);

	if (n == 0 && c->state == CLIENT_ANSWERING)
		c->state = CLIENT_HEARING;
	else if (n != -EAGAIN && n != -EINTR && n <= 0)
		client_drop(c);
}

/* What its watcher is to tell of. */
static void watch(struct client *c)
{
	static const int wants[] = {
		[CLIENT_PROXY] = EV_READ,
		[CLIENT_READING] = EV_READ,
		[CLIENT_WAITING] = 0, /* what comes now belongs to the WebSocket */
		[CLIENT_ANSWERING] = EV_READ | EV_WRITE,
		[CLIENT_HEARING] = EV_WRITE,
		[CLIENT_LINGERING] = EV_READ,
	};
	int events = wants[c->state];

	if (c->turn.act) /* who stands in the queue is not told of again */
		events = 0;
	else if (c->download && download_waits(c))
		events &= ~EV_WRITE;
	stream_watch(loop_of(c), &c->stream, events);
}

static bool is_answered(const struct client *c)
{
	return c->state == CLIENT_ANSWERING || c->state == CLIENT_HEARING;
}

static struct client *of_turn(struct late *l)
{
	return (struct client *)((char *)l - offsetof(struct client, turn));
}

static void on_writing(struct late *l)
{
	struct client *c = of_turn(l);

	if (is_answered(c))
		write_answer(c);
	if (c->state != CLIENT_DEAD)
		watch(c);
}

/* Send the answer, or of a file the next piece: now, or when there is no time for a piece
 * of each, in another turn of the loop. */
static void write_in_time(struct client *c)
{
	struct turn *turn = &c->server->bridge.turn;

	if (c->turn.act || (c->download && download_waits(c)))
		return;
	if (c->download && !turn_has_time(turn))
		turn_wait(turn, &c->turn, on_writing);
	else
		write_answer(c);
}

void client_proceed(struct client *c)
{
	if (is_answered(c))
		write_in_time(c);
	if (c->state != CLIENT_DEAD)
		watch(c);
}

/* ---- the deadline ---- */

/* Its deadline has passed: was it only our turn to send that it has waited for? */
static bool goes_on(struct client *c)
{
	if (c->turn.act)
		write_answer(c);
	return c->state == CLIENT_DEAD || ev_is_active(&c->deadline);
}

static void expire(struct client *c)
{
	char who[SESSION_WHO];

	if (c->state == CLIENT_WAITING) {
		cancel(c);
		client_set_deadline(c, CLIENT_LINGER);
		answer_error(c, 503, "the answer took too long (handshake_timeout)");
		request_resume(c, STEP_END);
		return;
	}
	if (c->download && c->state != CLIENT_LINGERING) {
		if (!goes_on(c))
			download_timeout(c);
		return;
	}
	log_debug(client_who(c, who), "dropped: handshake_timeout");
	client_tls_failed(c, "handshake_timeout");
	if (c->state != CLIENT_LINGERING)
		c->end = UNANSWERED_TIMEOUT;
	client_drop(c);
}

static void on_expiry(struct late *l)
{
	expire((struct client *)((char *)l - offsetof(struct client, expiry)));
}

static void on_deadline(EV_P_ ev_timer *w, int revents)
{
	struct client *c = w->data;
	struct turn *turn = &c->server->bridge.turn;

	(void)loop;
	(void)revents;
	if (turn_has_time(turn))
		expire(c);
	else /* many were set at once */
		turn_wait(turn, &c->expiry, on_expiry);
}

/* ---- events ---- */

/* Something can be read. */
static void hear(struct client *c)
{
	if (c->state == CLIENT_PROXY)
		proxied_read_header(c);
	else if (c->state == CLIENT_READING)
		read_head(c);
	else
		discard(c);
}

/* It has waited long enough. */
static void on_hearing(struct late *l)
{
	struct client *c = of_turn(l);

	hear(c);
	if (c->state != CLIENT_DEAD)
		client_proceed(c);
}

/* Is what can be read of C for another turn of the loop?  Many requests that come at
 * once, or handshakes of TLS, would keep everybody else waiting, and libev serves the
 * newest first: who comes stands behind those who wait. */
static bool has_to_wait(const struct client *c)
{
	const struct turn *turn = &c->server->bridge.turn;

	return c->state == CLIENT_READING &&
	       (!TAILQ_EMPTY(&turn->late) || turn_is_long(turn));
}

static void on_client(EV_P_ ev_io *w, int revents)
{
	struct client *c = w->data;
	bool readable;

	(void)loop;
	if (revents & EV_ERROR) { /* the kernel does not watch it */
		client_drop_for_memory(c);
		return;
	}
	readable = stream_ready(&c->stream, revents) & EV_READ;
	if (readable && has_to_wait(c))
		turn_wait(&c->server->bridge.turn, &c->turn, on_hearing);
	else if (readable)
		hear(c);
	if (c->state != CLIENT_DEAD)
		client_proceed(c);
}

void client_init(struct client *c, int fd)
{
	ev_init(&c->stream.io, on_client);
	ev_init(&c->deadline, on_deadline);
	stream_init(&c->stream, fd);
	c->stream.io.data = c->deadline.data = c;
}
