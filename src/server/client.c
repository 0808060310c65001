/* SPDX-License-Identifier: MIT */
/* A client from accept(2) to the decision what its request gets. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client_impl.h"
#include "log.h"
#include "watch.h"

#define LINGER 2.0 /* seconds that a client has to take its answer and close */

static struct ev_loop *loop_of(const struct client *c)
{
	return c->server->loop;
}

const char *client_who(const struct client *c, char *out)
{
	return session_who(c->id, c->path ? c->path : "", out);
}

void client_drop(struct client *c)
{
	struct server *s = c->server;

	if (c->state == CLIENT_DEAD)
		return;
	c->state = CLIENT_DEAD;
	ev_timer_stop(s->loop, &c->deadline);
	stream_close(s->loop, &c->stream, false);
	TAILQ_REMOVE(&s->clients, c, link);
	TAILQ_INSERT_TAIL(&s->dead_clients, c, link);
	s->nclients--;
}

void client_free(struct client *c)
{
	TAILQ_REMOVE(&c->server->dead_clients, c, link);
	if (c->counted)
		peers_remove(&c->server->peers, &c->peer);
	buf_free(&c->head);
	free(c->path);
	buf_free(&c->out);
	free(c);
}

static void set_deadline(struct client *c, double seconds)
{
	ev_timer_stop(loop_of(c), &c->deadline);
	ev_timer_set(&c->deadline, seconds, 0);
	ev_timer_start(loop_of(c), &c->deadline);
}

static void on_deadline(EV_P_ ev_timer *w, int revents)
{
	struct client *c = w->data;
	char who[SESSION_WHO];

	(void)loop;
	(void)revents;
	log_debug(client_who(c, who), "dropped: handshake_timeout");
	client_drop(c);
}

/* ---- the request ---- */

/* A page of evil.example that resolves to 127.0.0.1 has us as its own origin (DNS
 * rebinding): what gives it away is the Host that it asks for. */
static bool host_allowed(struct client *c)
{
	struct span host = http_span(buf_head(&c->head), c->http.host);
	char reason[512];

	if (access_host(c->server->routes->conf->server_name, c->on_loopback, host))
		return true;
	snprintf(reason, sizeof(reason),
		 "Host %.*s is not served here; add server_name = %.*s", (int)host.n,
		 host.p, (int)access_host_name(host).n, host.p);
	answer_error(c, 421, reason);
	return false;
}

/* PATH decoded, yours; NULL: it matches nothing, or out of memory. */
static char *decoded(struct span path)
{
	size_t cap = path.n + sizeof("/");
	char *out = malloc(cap < PATH_MAX ? cap : PATH_MAX);

	if (out && http_decode_path(path, out, cap < PATH_MAX ? cap : PATH_MAX) >= 0)
		return out;
	free(out);
	return NULL;
}

static void decide(struct client *c)
{
	const struct http *h = &c->http;
	const char *data = buf_head(&c->head);
	struct span method = http_span(data, h->method);
	struct handshake hs;
	struct route *route;
	const char *reason;
	int status;

	if (!host_allowed(c))
		return;
	c->path = decoded(http_span(data, h->path));
	if (!c->path) {
		answer_error(c, 404, "no such path");
		return;
	}
	route = route_find(c->server->routes, c->path);
	switch (handshake_check(
		h, data, route ? (const char *const *)route->conf->subprotocol : NULL,
		&hs, &status, &reason)) {
	case HANDSHAKE_NONE:
		if (span_is(method, SPAN("GET")) || span_is(method, SPAN("HEAD")))
			answer_page(c, route);
		else
			answer_error(c, 405, "only GET and HEAD");
		break;
	case HANDSHAKE_BAD:
		answer_error(c, status, reason);
		break;
	case HANDSHAKE_OK:
		if (route)
			upgrade(c, route, &hs);
		else
			answer_error(c, 404, "no such path");
		break;
	}
}

static void read_head(struct client *c)
{
	size_t most = c->server->routes->conf->limits.max_header;
	char *p = c->server->bridge.scratch.read;
	ssize_t n = stream_read(&c->stream, p, most < TURN_BYTES ? most : TURN_BYTES);

	if (n == -EAGAIN || n == -EINTR)
		return;
	if (n <= 0 || buf_append(&c->head, p, (size_t)n, SIZE_MAX) < 0) {
		client_drop(c);
		return;
	}
	switch (http_parse(&c->http, buf_head(&c->head), buf_len(&c->head))) {
	case HTTP_MORE:
		break;
	case HTTP_BAD:
		answer_error(c, c->http.status, c->http.reason);
		break;
	case HTTP_DONE:
		decide(c);
		break;
	}
}

/* ---- the answer ---- */

static void write_answer(struct client *c)
{
	struct iovec v = { buf_head(&c->out), buf_len(&c->out) };
	ssize_t n = stream_writev(&c->stream, &v, 1);

	if (n < 0) {
		client_drop(c);
		return;
	}
	buf_consume(&c->out, (size_t)n);
	if (buf_len(&c->out) > 0)
		return;
	stream_finish(&c->stream);
	c->state = CLIENT_LINGERING;
	set_deadline(c, LINGER);
}

/* What a client still says while it is answered means nothing. */
static void discard(struct client *c)
{
	ssize_t n = stream_read(&c->stream, c->server->bridge.scratch.read, TURN_BYTES);

	if (n != -EAGAIN && n != -EINTR && n <= 0)
		client_drop(c);
}

static void proceed(struct client *c)
{
	if (c->state == CLIENT_ANSWERING)
		write_answer(c);
	if (c->state != CLIENT_DEAD)
		watch(loop_of(c), &c->stream.io,
		      c->state == CLIENT_ANSWERING ? EV_READ | EV_WRITE : EV_READ);
}

static void on_client(EV_P_ ev_io *w, int revents)
{
	struct client *c = w->data;

	(void)loop;
	if (revents & EV_READ) {
		if (c->state == CLIENT_READING)
			read_head(c);
		else
			discard(c);
	}
	if (c->state != CLIENT_DEAD)
		proceed(c);
}

/* ---- its arrival ---- */

/* One too many: the oldest goes, so that slow clients cannot keep new ones out. */
static void make_room(struct server *s)
{
	struct client *oldest = TAILQ_FIRST(&s->clients);
	char who[SESSION_WHO];

	if (s->nclients < s->routes->conf->limits.max_handshakes || !oldest)
		return;
	log_info(client_who(oldest, who), "dropped: max_handshakes are under way");
	client_drop(oldest);
}

void client_accepted(void *data, int fd, const struct addr *peer, const struct addr *at)
{
	struct server *s = data;
	struct client *c = calloc(1, sizeof(*c));
	char text[ADDR_TEXT], who[SESSION_WHO];

	if (!c) {
		close(fd);
		return;
	}
	make_room(s);
	c->server = s;
	c->id = ++s->last_id;
	c->peer = *peer;
	c->on_loopback = at->sa.sa_family != AF_UNIX && addr_is_local(at);
	c->of_peer = peers_add(&s->peers, peer);
	c->counted = c->of_peer > 0;
	http_init(&c->http, s->routes->conf->limits.max_header);
	if (peer->sa.sa_family != AF_UNIX)
		stream_tune(fd, &s->routes->conf->stream);
	ev_init(&c->stream.io, on_client);
	ev_init(&c->deadline, on_deadline);
	stream_init(&c->stream, fd);
	c->stream.io.data = c->deadline.data = c;
	TAILQ_INSERT_TAIL(&s->clients, c, link);
	s->nclients++;
	log_debug(client_who(c, who), "accepted from %s", addr_text(peer, text));
	set_deadline(c, s->routes->conf->limits.handshake_timeout);
	proceed(c);
}
