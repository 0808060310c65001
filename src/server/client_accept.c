/* SPDX-License-Identifier: MIT */
/* Who comes, and whether there is room for him. */
#include <stdlib.h>
#include <unistd.h>

#include "client_impl.h"
#include "conf_tls.h"
#include "event.h"
#include "log.h"

/* Those of its own snapshot, once it has one. */
static const struct limits_conf *limits_of(const struct client *c)
{
	return &(c->routes ? c->routes : c->server->routes)->conf->limits;
}

/* Why its address may have no more; NULL: it may.  This machine's own addresses stand for
 * many clients, unless a proxy names them. */
static const char *address_is_full(const struct client *c)
{
	if (c->of_peer > limits_of(c)->max_per_address &&
	    (c->named || !addr_is_local(&c->peer)))
		return "too many connections from this address (max_per_address)";
	return NULL;
}

static const char *daemon_is_full(const struct client *c)
{
	if (server_connections(c->server) >= limits_of(c)->max_connections)
		return "too many connections (max_connections)";
	return NULL;
}

int client_no_room(const struct client *c, const char **ret_reason)
{
	*ret_reason = address_is_full(c);
	if (*ret_reason)
		return 429;
	*ret_reason = daemon_is_full(c);
	return *ret_reason ? 503 : 0;
}

/* One too many: the oldest goes, so that slow clients cannot keep new ones out. */
static void make_room(struct server *s)
{
	struct client *oldest = TAILQ_FIRST(&s->clients);
	char who[SESSION_WHO];

	if (s->nclients < s->routes->conf->limits.max_handshakes || !oldest)
		return;
	log_info(client_who(oldest, who), "dropped: max_handshakes are under way");
	client_tls_failed(oldest, "max_handshakes");
	oldest->end = UNANSWERED_EVICTED;
	client_drop(oldest);
}

/* WHO is "" for those who never become a client. */
static void tell_request(const char *who, const struct addr *peer, const char *reason)
{
	char text[ADDR_TEXT];

	if (event_wanted(EVENT_CONNECTION_REQUEST))
		event_tell(EVENT_CONNECTION_REQUEST, who,
			   (union log_value[]){ { .text = addr_text(peer, text) },
						{ .flag = !reason },
						{ .text = reason } });
}

/* C has come.  How many its address has does not count when it may yet name another. */
static void tell_arrival(const struct client *c)
{
	const struct conf *conf = c->server->routes->conf;
	bool proxy = cidr_list_has(&conf->trusted_proxy, &c->peer);
	const char *reason = proxy ? NULL : address_is_full(c);
	char who[SESSION_WHO];

	tell_request(client_who(c, who), &c->peer, reason ? reason : daemon_is_full(c));
}

/* Closed without an answer: it costs nothing to be asked again and again. */
static void refuse_to_talk(const struct addr *peer, const char *reason)
{
	char text[ADDR_TEXT];
	const struct log_field fields[] = {
		{ "peer", LOG_WORD, .value.text = addr_text(peer, text) },
		{ "reason", LOG_TEXT, .value.text = reason },
	};

	log_event(LOG_LEVEL_INFO, "",
		  &(struct log_event){ .name = "refused",
				       .fields = fields,
				       .nfields = sizeof(fields) / sizeof(*fields) });
}

/* May PEER talk to the LISTENER of S?  Else it is logged why not. */
static bool may_talk(struct server *s, const struct addr *peer,
		     const struct listener_conf *listener)
{
	const struct conf *conf = s->routes->conf;
	const char *reason = NULL;

	if (!cidr_allows(&conf->clients, peer))
		reason = "address is not allowed ([server] allow, deny)";
	else if (listener->proxy && !cidr_list_has(&conf->trusted_proxy, peer))
		reason =
			"no trusted_proxy, and only these may connect here (listen = ... "
			"proxy)";
	if (!reason)
		return true;
	s->stats.unanswered[UNANSWERED_DENIED]++;
	tell_request("", peer, reason);
	if (log_is_on(LOG_LEVEL_INFO))
		refuse_to_talk(peer, reason);
	return false;
}

/* A client, counted for PEER; NULL, logged: it is not let in. */
static struct client *admit(struct server *s, const struct addr *peer,
			    const struct listener_conf *listener)
{
	struct client *c;

	if (!may_talk(s, peer, listener))
		return NULL;
	c = calloc(1, sizeof(*c));
	if (c)
		c->of_peer = peers_add(&s->peers, peer);
	if (c && c->of_peer > 0)
		return c;
	log_error("", "out of memory: a client is turned away");
	free(c);
	return NULL;
}

void client_accepted(void *data, int fd, const struct addr *peer,
		     const struct listener_conf *listener)
{
	struct server *s = data;
	struct client *c = admit(s, peer, listener);

	if (!c) {
		close(fd);
		return;
	}
	make_room(s);
	c->server = s;
	c->id = ++s->last_id;
	c->peer = c->from = *peer;
	c->on_loopback =
		listener->at.sa.sa_family != AF_UNIX && addr_is_local(&listener->at);
	c->redirect = listener->redirect;
	c->tls_by_name = !listener->tls_name;
	if (listener->tls)
		c->tls = tls_ref(
			conf_tls_named(s->routes->conf, listener->tls_name)->context);
	http_init(&c->http, s->routes->conf->limits.max_header);
	client_init(c, fd);
	TAILQ_INSERT_TAIL(&s->clients, c, link);
	s->nclients++;
	if (event_wanted(EVENT_CONNECTION_REQUEST))
		tell_arrival(c);
	client_set_deadline(c, s->routes->conf->limits.handshake_timeout);
	if (listener->proxy)
		c->state = CLIENT_PROXY;
	else
		client_begin(c);
	client_proceed(c);
}
