/* SPDX-License-Identifier: MIT */
/* Opens what the configuration says to listen on, and says why it cannot. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "event.h"
#include "listen.h"
#include "listen_passed.h"
#include "listen_report.h"
#include "log.h"
#include "owner.h"
#include "span.h"

static bool resolve(const struct listen_conf *conf, struct addr *ret)
{
	if (conf->systemd)
		return false;
	return conf->path ? addr_unix(conf->path, ret)
			  : addr_inet(conf->host, conf->port, ret);
}

int listen_exit_code(int error)
{
	switch (error) {
	case -EADDRINUSE:
	case -EADDRNOTAVAIL:
		return EX_UNAVAILABLE;
	case -EACCES:
	case -EPERM:
		return EX_NOPERM;
	default:
		return EX_OSERR;
	}
}

const char *listen_why(const struct addr *at, int error, char *out)
{
	char owner[128];

	if (error == -EADDRINUSE && at &&
	    owner_find(&at->sa, at->len, owner, sizeof(owner)))
		snprintf(out, LISTEN_WHY, "in use by %s", owner);
	else
		snprintf(out, LISTEN_WHY, "%s", strerror(-error));
	return out;
}

void listen_tell_failure(FILE *f, const struct listen_conf *conf, const char *why)
{
	fputs(log_prefix(f, LOG_LEVEL_ERROR), f);
	if (conf->line > 0)
		fprintf(f, "%s:%d: error: cannot listen on %s: %s\n", conf->file,
			conf->line, conf->text, why);
	else
		fprintf(f, "wsbridged: error: cannot listen on %s: %s\n", conf->text,
			why);
}

static void tell_error(FILE *f, const struct listen_conf *conf, int err)
{
	char why[LISTEN_WHY];
	struct addr at;

	listen_tell_failure(f, conf,
			    listen_why(resolve(conf, &at) ? &at : NULL, err, why));
}

/* The demo takes the next port that is free, and says whose the wanted one is. */
static int open_next(struct server *s, struct listener_conf *l, struct listener **ret)
{
	unsigned wanted = addr_port(&l->at);
	char owner[128] = "somebody else", host[ADDR_TEXT];
	int err = -EADDRINUSE;

	owner_find(&l->at.sa, l->at.len, owner, sizeof(owner));
	addr_host(&l->at, host);
	for (unsigned port = wanted + 1; err == -EADDRINUSE && port < wanted + DEMO_PORTS;
	     port++)
		if (addr_inet(host, port, &l->at))
			err = listener_open(s->loop, l, client_accepted, s, ret);
	if (err == 0)
		log_warning("", "port %u is in use by %s; taking %u", wanted, owner,
			    addr_port(listener_addr(*ret)));
	return err;
}

static struct listener_conf settings(const struct conf *conf,
				     const struct listen_place *place)
{
	const struct listen_conf *listen = place->conf;

	return (struct listener_conf){
		.backlog = conf->backlog,
		.mode = listen->mode,
		.group = listen->group,
		.rate = conf->limits.accept_rate,
		.redirect = listen->redirect,
		.proxy = listen->proxy,
		.tls = listen->tls,
		.tls_name = listen->tls_name,
		.passed = place->passed,
		.shared = !conf->exclusive,
		.receive_buffer = conf->receive_buffer,
		.send_buffer = conf->send_buffer,
		.stream = conf->stream,
	};
}

/* The entry TEXT had a port that the kernel picked, before it was off: AT gets it.
 * NULL: it had none. */
static struct listen_off *same_port(struct server *s, const char *text, struct addr *at)
{
	if (at->sa.sa_family == AF_UNIX || addr_port(at) != 0)
		return NULL;
	for (size_t i = 0; i < s->noff; i++)
		if (s->off[i].at.len > 0 && strcmp(s->off[i].text, text) == 0) {
			*at = s->off[i].at;
			return &s->off[i];
		}
	return NULL;
}

/* 0 or -errno. */
static int open_one(struct server *s, const struct conf *conf,
		    const struct listen_place *place, struct listener **ret)
{
	const struct listen_conf *listen = place->conf;
	struct listener_conf l = settings(conf, place);
	struct listen_off *was;
	int err;

	if (place->passed && !passed_listens(place->passed, &l.at))
		return -ENOTSOCK;
	if (!place->passed && !resolve(listen, &l.at))
		return -ENAMETOOLONG;
	was = same_port(s, listen->text, &l.at);
	err = listener_open(s->loop, &l, client_accepted, s, ret);
	if (was && err == 0)
		was->at.len = 0; /* taken */
	if (err == -EADDRINUSE && s->options->demo && !listen->path)
		err = open_next(s, &l, ret);
	if (err == 0)
		listen_report(conf, place, *ret);
	return err;
}

/* ---- from one configuration to the next ---- */

static bool is_same_entry(const struct listen_conf *a, const struct listen_conf *b)
{
	return text_is_same(a->text, b->text) && a->mode == b->mode &&
	       text_is_same(a->group, b->group);
}

static bool is_same(const struct listen_place *a, const struct listen_place *b)
{
	return a->passed == b->passed && is_same_entry(a->conf, b->conf);
}

/* Is a socket at PLACE the same with both?  What may be bound beside it is decided when
 * it is bound. */
static bool is_bound_same(const struct listen_place *place, const struct conf *a,
			  const struct conf *b)
{
	return a->exclusive == b->exclusive || place->passed || place->conf->path;
}

/* The two sets: NEXT[i] is at places[i]; s->listeners[i] at s->places[i], of the present
 * configuration. */
struct change {
	struct server *s;
	const struct conf *conf;
	FILE *err;
	struct listen_place *places;
	size_t n;
	struct listener **next;
	bool *stays; /* of s->listeners */
};

/* The places of the entry L. */
static void add_places(struct change *c, const struct listen_conf *l)
{
	const struct passed *passed = &c->s->passed;

	if (!l->systemd)
		c->places[c->n++].conf = l;
	for (size_t i = 0; l->systemd && i < passed->n; i++)
		if (strcmp(passed->sockets[i].name, l->systemd) == 0)
			c->places[c->n++] =
				(struct listen_place){ l, passed->sockets[i].fd };
}

/* 0, or -EADDRNOTAVAIL, said on c->err. */
static int find_places(struct change *c)
{
	for (size_t i = 0; i < c->conf->nlisten; i++) {
		const struct listen_conf *l = &c->conf->listen[i];

		if (listen_is_off(c->s, l->text))
			continue;
		if (l->systemd && !listen_passed_check(c->err, l, &c->s->passed))
			return -EADDRNOTAVAIL;
		add_places(c, l);
	}
	return 0;
}

static void keep_same(struct change *c)
{
	for (size_t i = 0; i < c->n; i++)
		for (size_t j = 0; j < c->s->nlisteners && !c->next[i]; j++)
			if (!c->stays[j] && is_same(&c->places[i], &c->s->places[j]) &&
			    is_bound_same(&c->places[i], c->conf, c->s->routes->conf)) {
				c->next[i] = c->s->listeners[j];
				c->stays[j] = true;
			}
}

static void close_left_over(struct change *c)
{
	for (size_t j = 0; j < c->s->nlisteners; j++)
		if (!c->stays[j]) {
			listener_free(c->s->listeners[j]);
			c->s->listeners[j] = NULL;
		}
}

/* What was closed to make room for nothing. */
static void reopen(struct change *c)
{
	struct server *s = c->s;
	size_t left = 0;

	for (size_t j = 0; j < s->nlisteners; j++)
		if (!s->listeners[j])
			open_one(s, s->routes->conf, &s->places[j], &s->listeners[j]);
	for (size_t j = 0; j < s->nlisteners; j++) {
		if (!s->listeners[j]) {
			fprintf(c->err, "error: no longer listening on %s\n",
				s->places[j].conf->text);
			continue;
		}
		s->listeners[left] = s->listeners[j];
		s->places[left++] = s->places[j];
	}
	s->nlisteners = left;
}

/* Open what is new.  BUSY: as far as its address is free; else all of it. */
static int open_new(struct change *c, bool *busy)
{
	int err = 0;

	for (size_t i = 0; i < c->n && err == 0; i++) {
		const struct listen_place *p = &c->places[i];

		if (c->next[i])
			continue;
		err = open_one(c->s, c->conf, p, &c->next[i]);
		if (err == -EADDRINUSE && busy) {
			*busy = true;
			err = 0;
		}
		if (err < 0)
			tell_error(c->err, p->conf, err);
	}
	return err;
}

/* An address may be in use by one of ours, which is left over: that is closed only when
 * nothing else is in the way. */
static int open_all(struct change *c)
{
	bool busy = false;
	int err = open_new(c, &busy);

	if (err == 0 && busy) {
		close_left_over(c);
		err = open_new(c, NULL);
	}
	return err;
}

/* NEXT are the listeners. */
static void commit(struct change *c)
{
	struct server *s = c->s;
	struct listener_conf l;

	close_left_over(c);
	free(s->listeners);
	free(s->places);
	s->listeners = c->next;
	s->places = c->places;
	s->nlisteners = c->n;
	for (size_t i = 0; i < s->nlisteners; i++) {
		l = settings(c->conf, &s->places[i]);
		if (listener_adjust(s->listeners[i], &l))
			listen_report(c->conf, &s->places[i], s->listeners[i]);
	}
	listen_passed_warn(s);
}

static bool was_there(const struct change *c, const struct listener *l)
{
	for (size_t j = 0; j < c->s->nlisteners; j++)
		if (c->s->listeners[j] == l)
			return true;
	return false;
}

static void roll_back(struct change *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (!was_there(c, c->next[i]))
			listener_free(c->next[i]);
	reopen(c);
}

int listen_change(struct server *s, const struct conf *conf, FILE *err)
{
	struct change c = { .s = s, .conf = conf, .err = err };
	size_t most = conf->nlisten + s->passed.n;
	int r = -ENOMEM;

	if (s->deaf)
		return 0;
	c.places = calloc(most, sizeof(*c.places));
	c.next = calloc(most, sizeof(*c.next));
	c.stays = calloc(s->nlisteners + 1, sizeof(*c.stays));
	if (c.places && c.next && c.stays)
		r = find_places(&c);
	else
		fputs("error: out of memory\n", err);
	if (r == 0) {
		keep_same(&c);
		r = open_all(&c);
		if (r < 0)
			roll_back(&c);
	}
	if (r == 0) {
		commit(&c);
	} else {
		free(c.places);
		free(c.next);
	}
	free(c.stays);
	return r == 0 ? 0 : listen_exit_code(r);
}

void listen_close(struct server *s)
{
	for (size_t i = 0; i < s->nlisteners; i++)
		listener_free(s->listeners[i]);
	free(s->listeners);
	free(s->places);
	s->listeners = NULL;
	s->places = NULL;
	s->nlisteners = 0;
}

const char *listen_text(const struct server *s, char *out, size_t cap)
{
	char text[ADDR_TEXT];
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < s->nlisteners && n < cap; i++)
		n += (size_t)snprintf(out + n, cap - n, "%s%s%s", i ? ", " : "",
				      addr_text(listener_addr(s->listeners[i]), text),
				      listener_is_tls(s->listeners[i]) ? " tls" : "");
	return out;
}

void listen_tell(const struct server *s)
{
	char where[1024];

	if (event_wanted(EVENT_LISTENING))
		event_tell(EVENT_LISTENING, "",
			   (union log_value[]){
				   { .flag = s->nlisteners > 0 },
				   { .text = listen_text(s, where, sizeof(where)) } });
}
