/* SPDX-License-Identifier: MIT */
/* Opens what the configuration says to listen on, and says why it cannot. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "listen.h"
#include "log.h"
#include "owner.h"

static bool resolve(const struct listen_conf *conf, struct addr *ret)
{
	return conf->path ? addr_unix(conf->path, ret)
			  : addr_inet(conf->host, conf->port, ret);
}

static int exit_code(int err)
{
	switch (err) {
	case -EADDRINUSE:
		return EX_UNAVAILABLE;
	case -EACCES:
	case -EPERM:
		return EX_NOPERM;
	default:
		return EX_OSERR;
	}
}

static void tell_failure(FILE *f, const struct listen_conf *conf, int err)
{
	char owner[128], why[160];
	struct addr at;

	if (err == -EADDRINUSE && resolve(conf, &at) &&
	    owner_find(&at.sa, at.len, owner, sizeof(owner)))
		snprintf(why, sizeof(why), "in use by %s", owner);
	else
		snprintf(why, sizeof(why), "%s", strerror(-err));
	if (conf->line > 0)
		fprintf(f, "%s:%d: error: cannot listen on %s: %s\n", conf->file,
			conf->line, conf->text, why);
	else
		fprintf(f, "wsbridged: error: cannot listen on %s: %s\n", conf->text,
			why);
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
				     const struct listen_conf *listen)
{
	return (struct listener_conf){
		.backlog = conf->backlog,
		.mode = listen->mode,
		.group = listen->group,
		.rate = conf->limits.accept_rate,
	};
}

/* 0 or -errno. */
static int open_one(struct server *s, const struct conf *conf,
		    const struct listen_conf *listen, struct listener **ret)
{
	struct listener_conf l = settings(conf, listen);
	int err;

	if (!resolve(listen, &l.at))
		return -ENAMETOOLONG;
	err = listener_open(s->loop, &l, client_accepted, s, ret);
	if (err == -EADDRINUSE && s->options->demo && !listen->path)
		err = open_next(s, &l, ret);
	return err;
}

/* ---- from one configuration to the next ---- */

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool is_same(const struct listen_conf *a, const struct listen_conf *b)
{
	return same_text(a->text, b->text) && a->mode == b->mode &&
	       same_text(a->group, b->group);
}

/* The two sets: NEXT[i] is of conf->listen[i]; s->listeners[i] of the present
 * configuration. */
struct change {
	struct server *s;
	const struct conf *conf;
	FILE *err;
	struct listener **next;
	bool *stays; /* of s->listeners */
};

static void keep_same(struct change *c)
{
	const struct conf *old = c->s->routes->conf;

	for (size_t i = 0; i < c->conf->nlisten; i++)
		for (size_t j = 0; j < c->s->nlisteners && !c->next[i]; j++)
			if (!c->stays[j] &&
			    is_same(&c->conf->listen[i], &old->listen[j])) {
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
	const struct conf *old = s->routes->conf;

	for (size_t j = 0; j < s->nlisteners; j++)
		if (!s->listeners[j])
			open_one(s, old, &old->listen[j], &s->listeners[j]);
	for (size_t j = 0; j < s->nlisteners; j++)
		if (!s->listeners[j])
			fprintf(c->err, "error: no longer listening on %s\n",
				old->listen[j].text);
}

static int open_new(struct change *c)
{
	int err = 0;

	for (size_t i = 0; i < c->conf->nlisten && err == 0; i++) {
		const struct listen_conf *l = &c->conf->listen[i];

		if (c->next[i])
			continue;
		err = open_one(c->s, c->conf, l, &c->next[i]);
		if (err == -EADDRINUSE) { /* by one of ours, which is left over? */
			close_left_over(c);
			err = open_one(c->s, c->conf, l, &c->next[i]);
		}
		if (err < 0)
			tell_failure(c->err, l, err);
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
	s->listeners = c->next;
	s->nlisteners = c->conf->nlisten;
	for (size_t i = 0; i < s->nlisteners; i++) {
		l = settings(c->conf, &c->conf->listen[i]);
		listener_adjust(s->listeners[i], &l);
	}
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
	for (size_t i = 0; i < c->conf->nlisten; i++)
		if (!was_there(c, c->next[i]))
			listener_free(c->next[i]);
	free(c->next);
	reopen(c);
}

int listen_change(struct server *s, const struct conf *conf, FILE *err)
{
	struct change c = { .s = s, .conf = conf, .err = err };
	int r = -ENOMEM;

	c.next = calloc(conf->nlisten, sizeof(*c.next));
	c.stays = calloc(s->nlisteners + 1, sizeof(*c.stays));
	if (c.next && c.stays) {
		keep_same(&c);
		r = open_new(&c);
	}
	if (r == 0)
		commit(&c);
	else if (c.next)
		roll_back(&c);
	free(c.stays);
	return r == 0 ? 0 : exit_code(r);
}

void listen_close(struct server *s)
{
	for (size_t i = 0; i < s->nlisteners; i++)
		listener_free(s->listeners[i]);
	free(s->listeners);
	s->listeners = NULL;
	s->nlisteners = 0;
}

const char *listen_text(const struct server *s, char *out, size_t cap)
{
	char text[ADDR_TEXT];
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < s->nlisteners && n < cap; i++)
		n += (size_t)snprintf(out + n, cap - n, "%s%s", i ? ", " : "",
				      addr_text(listener_addr(s->listeners[i]), text));
	return out;
}
