/* SPDX-License-Identifier: MIT */
/* Addresses of names, by c-ares on the loop. */
#include <ares.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "resolver.h"
#include "watch.h"

#define TRY_MS 2000 /* for the first answer; c-ares doubles it for each further try */
#define TRIES 3

/* One socket of c-ares. */
struct resolver_socket {
	ev_io io;
	LIST_ENTRY(resolver_socket) link;
};

/* One name that is asked for, however many wait for it: what a client can make grow is
 * the list of those. */
struct resolver_query {
	struct resolver *resolver;
	char *name;
	bool begun; /* c-ares has it */
	LIST_HEAD(, resolver_lookup) lookups;
	ev_timer answered; /* its end, told outside of c-ares */
	struct addr found[RESOLVER_ADDRESSES];
	unsigned nfound;
	int error;
	LIST_ENTRY(resolver_query) link;
};

struct resolver {
	struct ev_loop *loop;
	const char *servers;
	ares_channel channel; /* NULL: nobody has asked yet */
	ev_timer timeout;     /* when c-ares wants to be called */
	LIST_HEAD(, resolver_socket) sockets;
	LIST_HEAD(, resolver_query) queries;
};

/* ---- c-ares and the loop ---- */

/* Whatever was done with the channel: its next deadline. */
static void arm(struct resolver *r)
{
	struct timeval tv, *next = ares_timeout(r->channel, NULL, &tv);

	ev_timer_stop(r->loop, &r->timeout);
	if (!next)
		return;
	ev_timer_set(&r->timeout, (double)tv.tv_sec + (double)tv.tv_usec / 1e6, 0);
	ev_timer_start(r->loop, &r->timeout);
}

static void on_timeout(EV_P_ ev_timer *w, int revents)
{
	struct resolver *r = w->data;

	(void)loop;
	(void)revents;
	ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	arm(r);
}

static void on_socket(EV_P_ ev_io *w, int revents)
{
	struct resolver *r = w->data;
	int fd = w->fd;

	(void)loop;
	if (revents & EV_ERROR) /* it is not watched: the timeout will tell */
		return;
	ares_process_fd(r->channel, revents & EV_READ ? fd : ARES_SOCKET_BAD,
			revents & EV_WRITE ? fd : ARES_SOCKET_BAD);
	arm(r);
}

static struct resolver_socket *find_socket(struct resolver *r, int fd)
{
	struct resolver_socket *s = LIST_FIRST(&r->sockets);

	while (s && s->io.fd != fd)
		s = LIST_NEXT(s, link);
	return s;
}

static struct resolver_socket *add_socket(struct resolver *r, int fd)
{
	struct resolver_socket *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL; /* the timeout will tell */
	ev_io_init(&s->io, on_socket, fd, 0);
	s->io.data = r;
	LIST_INSERT_HEAD(&r->sockets, s, link);
	return s;
}

/* c-ares wants to hear of FD from now on; of neither: it is about to close it. */
static void on_socket_state(void *data, ares_socket_t fd, int readable, int writable)
{
	struct resolver *r = data;
	struct resolver_socket *s = find_socket(r, fd);

	if (!s && (readable || writable))
		s = add_socket(r, fd);
	if (!s)
		return;
	watch(r->loop, &s->io, (readable ? EV_READ : 0) | (writable ? EV_WRITE : 0));
	if (readable || writable)
		return;
	LIST_REMOVE(s, link);
	free(s);
}

static int open_channel(struct resolver *r)
{
	struct ares_options options = {
		.timeout = TRY_MS,
		.tries = TRIES,
		.sock_state_cb = on_socket_state,
		.sock_state_cb_data = r,
	};
	int status;

	if (r->channel)
		return 0;
	status = ares_init_options(&r->channel, &options,
				   ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
					   ARES_OPT_SOCK_STATE_CB);
	if (status == ARES_SUCCESS && r->servers)
		status = ares_set_servers_ports_csv(r->channel, r->servers);
	if (status == ARES_SUCCESS)
		return 0;
	if (r->channel)
		ares_destroy(r->channel);
	r->channel = NULL;
	return status == ARES_ENOMEM ? -ENOMEM : -EIO;
}

/* ---- queries ---- */

static void query_free(struct resolver_query *q)
{
	ev_timer_stop(q->resolver->loop, &q->answered);
	LIST_REMOVE(q, link);
	free(q->name);
	free(q);
}

static void on_answered(EV_P_ ev_timer *w, int revents)
{
	struct resolver_query *q = w->data;
	struct resolver_lookup *l;

	(void)loop;
	(void)revents;
	while ((l = LIST_FIRST(&q->lookups))) {
		LIST_REMOVE(l, link);
		l->query = NULL;
		l->found(l, q->found, q->nfound, q->error);
	}
	query_free(q);
}

static void take_addresses(struct resolver_query *q, const struct ares_addrinfo *info)
{
	const struct ares_addrinfo_node *node = info->nodes;

	for (; node && q->nfound < RESOLVER_ADDRESSES; node = node->ai_next) {
		struct addr *a = &q->found[q->nfound];

		if (node->ai_family != AF_INET && node->ai_family != AF_INET6)
			continue;
		a->len = node->ai_addrlen;
		memcpy(&a->sa, node->ai_addr, node->ai_addrlen);
		q->nfound++;
	}
}

static int error_of(int status)
{
	switch (status) {
	case ARES_ENOMEM:
		return -ENOMEM;
	case ARES_ETIMEOUT:
		return -ETIMEDOUT;
	case ARES_ENODATA:
	case ARES_ENOTFOUND:
	case ARES_SUCCESS: /* with nothing that we could use */
		return -ENOENT;
	default: /* servers refuse, fail, or are not there: ARES_ECONNREFUSED */
		return -EIO;
	}
}

/* Called by c-ares, which must not be called now. */
static void on_answer(void *data, int status, int timeouts, struct ares_addrinfo *info)
{
	struct resolver_query *q = data;

	(void)timeouts;
	q->begun = false;
	if (status == ARES_EDESTRUCTION) /* resolver_configure() will go on */
		return;
	if (info) {
		take_addresses(q, info);
		ares_freeaddrinfo(info);
	}
	q->error = q->nfound > 0 ? 0 : error_of(status);
	ev_timer_start(q->resolver->loop, &q->answered);
}

static int begin(struct resolver_query *q)
{
	static const struct ares_addrinfo_hints hints = { .ai_family = AF_UNSPEC,
							  .ai_socktype = SOCK_STREAM };
	struct resolver *r = q->resolver;
	int error = open_channel(r);

	if (error < 0)
		return error;
	q->begun = true;
	ares_getaddrinfo(r->channel, q->name, NULL, &hints, on_answer, q);
	arm(r);
	return 0;
}

/* The query under way. */
static struct resolver_query *find_query(struct resolver *r, const char *name)
{
	struct resolver_query *q = LIST_FIRST(&r->queries);

	while (q && (!q->begun || strcmp(q->name, name) != 0))
		q = LIST_NEXT(q, link);
	return q;
}

static struct resolver_query *query_new(struct resolver *r, const char *name)
{
	struct resolver_query *q = calloc(1, sizeof(*q));

	if (!q)
		return NULL;
	q->name = strdup(name);
	if (!q->name) {
		free(q);
		return NULL;
	}
	q->resolver = r;
	ev_timer_init(&q->answered, on_answered, 0, 0);
	q->answered.data = q;
	LIST_INSERT_HEAD(&r->queries, q, link);
	return q;
}

int resolver_begin(struct resolver *r, const char *name, struct resolver_lookup *l)
{
	struct resolver_query *q = find_query(r, name);
	int error = 0;

	if (!q) {
		q = query_new(r, name);
		if (!q)
			return -ENOMEM;
		error = begin(q);
	}
	if (error < 0) {
		query_free(q);
		return error;
	}
	l->query = q;
	LIST_INSERT_HEAD(&q->lookups, l, link);
	return 0;
}

static bool is_wanted(const struct resolver *r)
{
	const struct resolver_query *q = LIST_FIRST(&r->queries);

	while (q && LIST_EMPTY(&q->lookups))
		q = LIST_NEXT(q, link);
	return q;
}

/* c-ares can only drop all of its queries: one alone goes on without anybody. */
void resolver_cancel(struct resolver_lookup *l)
{
	struct resolver *r = l->query ? l->query->resolver : NULL;

	if (!r)
		return;
	LIST_REMOVE(l, link);
	l->query = NULL;
	if (!r->channel || is_wanted(r))
		return;
	ares_cancel(r->channel);
	arm(r);
}

/* ---- life ---- */

struct resolver *resolver_new(struct ev_loop *loop)
{
	struct resolver *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) {
		free(r);
		return NULL;
	}
	r->loop = loop;
	ev_init(&r->timeout, on_timeout);
	r->timeout.data = r;
	return r;
}

static void close_channel(struct resolver *r)
{
	ev_timer_stop(r->loop, &r->timeout);
	if (r->channel)
		ares_destroy(r->channel);
	r->channel = NULL;
}

void resolver_configure(struct resolver *r, const char *servers)
{
	struct resolver_query *q, *next;

	close_channel(r);
	r->servers = servers;
	for (q = LIST_FIRST(&r->queries); q; q = next) {
		next = LIST_NEXT(q, link);
		if (ev_is_active(&q->answered))
			continue;
		if (LIST_EMPTY(&q->lookups)) {
			query_free(q);
			continue;
		}
		q->error = begin(q);
		if (q->error < 0)
			ev_timer_start(r->loop, &q->answered);
	}
}

void resolver_free(struct resolver *r)
{
	struct resolver_query *q, *next;

	if (!r)
		return;
	close_channel(r);
	for (q = LIST_FIRST(&r->queries); q; q = next) {
		next = LIST_NEXT(q, link);
		query_free(q);
	}
	ares_library_cleanup();
	free(r);
}
