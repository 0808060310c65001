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

static int tell_failure(const struct listen_conf *conf, const struct addr *at, int err)
{
	char owner[128], why[160];

	if (err == -EADDRINUSE && owner_find(&at->sa, at->len, owner, sizeof(owner)))
		snprintf(why, sizeof(why), "in use by %s", owner);
	else
		snprintf(why, sizeof(why), "%s", strerror(-err));
	if (conf->line > 0)
		fprintf(stderr, "%s:%d: error: cannot listen on %s: %s\n", conf->file,
			conf->line, conf->text, why);
	else
		fprintf(stderr, "wsbridged: error: cannot listen on %s: %s\n", conf->text,
			why);
	return exit_code(err);
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

static int open_one(struct server *s, const struct listen_conf *conf,
		    struct listener **ret)
{
	struct listener_conf l = {
		.backlog = s->routes->conf->backlog,
		.mode = conf->mode,
		.group = conf->group,
		.rate = s->routes->conf->limits.accept_rate,
	};
	struct addr at;
	int err;

	if (!resolve(conf, &l.at))
		return tell_failure(conf, &l.at, -ENAMETOOLONG);
	at = l.at;
	err = listener_open(s->loop, &l, client_accepted, s, ret);
	if (err == -EADDRINUSE && s->options->demo && !conf->path)
		err = open_next(s, &l, ret);
	return err < 0 ? tell_failure(conf, &at, err) : 0;
}

int listen_open(struct server *s)
{
	const struct conf *conf = s->routes->conf;
	int code = 0;

	s->listeners = calloc(conf->nlisten, sizeof(*s->listeners));
	if (!s->listeners)
		return EX_OSERR;
	for (size_t i = 0; i < conf->nlisten && code == 0; i++) {
		code = open_one(s, &conf->listen[i], &s->listeners[i]);
		s->nlisteners += code == 0;
	}
	return code;
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
