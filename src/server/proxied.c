/* SPDX-License-Identifier: MIT */
/* Whom a trusted proxy names as the client: before anything else by a PROXY header, and
 * by fields of the request. */
#include <errno.h>
#include <sys/socket.h>

#include "client_impl.h"
#include "forwarded.h"
#include "log.h"
#include "proxy.h"

/* From now on PEER is the client, and what it takes of max_per_address is that address's.
 * False: no memory to count it. */
static bool set_peer(struct client *c, const struct addr *peer)
{
	struct peers *peers = &c->server->peers;
	char text[ADDR_TEXT], who[SESSION_WHO];

	peers_remove(peers, &c->peer);
	c->peer = *peer;
	c->named = true;
	c->of_peer = peers_add(peers, peer);
	log_debug(client_who(c, who), "client is %s", addr_text(peer, text));
	return c->of_peer > 0;
}

/* ---- the PROXY header ---- */

/* Look at what has come of it, without taking it off the socket: behind the header TLS
 * may begin, which reads the socket itself.  The result of recv(2); what was seen stands
 * behind what c->head has. */
static ssize_t peek(struct client *c)
{
	char *p = c->server->bridge.scratch.read;
	ssize_t n = recv(c->stream.io.fd, p, PROXY_MAX, MSG_PEEK);

	if (n < 0)
		return -errno;
	return n > 0 && buf_append(&c->head, p, (size_t)n, SIZE_MAX) < 0 ? -ENOMEM : n;
}

/* Take N bytes off the socket that were seen.  False: it has failed since. */
static bool skip(struct client *c, size_t n)
{
	char *p = c->server->bridge.scratch.read;

	return recv(c->stream.io.fd, p, n, 0) == (ssize_t)n;
}

static void take_header(struct client *c, const struct proxy *p)
{
	buf_consume(&c->head, buf_len(&c->head));
	c->secure = p->secure;
	if (p->client.len > 0 && !set_peer(c, &p->client))
		client_drop_for_memory(c);
	else
		client_begin(c);
}

void proxied_read_header(struct client *c)
{
	size_t before = buf_len(&c->head);
	ssize_t n = peek(c);
	struct proxy p;

	if (n == -EAGAIN || n == -EINTR)
		return;
	if (n <= 0) {
		(n == -ENOMEM ? client_drop_for_memory : client_drop)(c);
		return;
	}
	switch (proxy_parse(buf_head(&c->head), buf_len(&c->head), &p)) {
	case PROXY_MORE:
		if (!skip(c, (size_t)n))
			client_drop(c);
		break;
	case PROXY_BAD:
		answer_error(c, 400, p.reason);
		break;
	case PROXY_DONE:
		if (skip(c, p.size - before))
			take_header(c, &p);
		else
			client_drop(c);
		break;
	}
}

/* ---- the request's fields ---- */

/* Is the client known so far a trusted proxy, whose word on its own client counts?
 * Who is behind a proxy's own Unix socket nobody knows. */
static bool is_trusted(const struct client *c)
{
	if (c->named && c->peer.sa.sa_family == AF_UNIX)
		return false;
	return cidr_list_has(&c->routes->conf->trusted_proxy, &c->peer);
}

enum step proxied_read_fields(struct client *c)
{
	struct forwarded f;
	const char *reason;

	if (!is_trusted(c))
		return STEP_NEXT;
	if (!forwarded_read(&c->http, buf_head(&c->head), &c->routes->conf->trusted_proxy,
			    &f, &reason)) {
		answer_error(c, 400, reason);
		return STEP_END;
	}
	if (f.client.len > 0 && !set_peer(c, &f.client)) {
		client_drop_for_memory(c);
		return STEP_END;
	}
	if (f.has_scheme)
		c->secure = f.secure;
	if (f.host.n > 0)
		c->http.host = f.host;
	return STEP_NEXT;
}

bool proxied_is_hidden(const struct client *c)
{
	static const char *const says[] = { "Forwarded", "X-Forwarded-For", "X-Real-IP",
					    "Via" };

	for (size_t i = 0; !c->named && i < sizeof(says) / sizeof(*says); i++)
		if (http_count(&c->http, buf_head(&c->head), says[i]) > 0)
			return true;
	return false;
}
