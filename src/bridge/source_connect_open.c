/* SPDX-License-Identifier: MIT */
/* A service that listens on a socket as a source of messages: how it is reached. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "source_connect_impl.h"

static const char *words_for(int error, bool found)
{
	if (!found && error == -ENOENT)
		return "there is no such name";
	if (!found && error == -ETIMEDOUT)
		return "no name server answers";
	if (!found && error == -EIO)
		return "no name server can tell";
	return strerror(-error);
}

/* It is not there.  TO is the address that was tried last, or NULL: its name has none. */
static void fail(struct source_connect *x, int error, const struct addr *to)
{
	const struct dial_target *target = &x->conf->target;
	const char *why = error == -ETIMEDOUT
				  ? "the service does not answer (connect_timeout)"
				  : "the service cannot be reached";
	char at[ADDR_TEXT];

	x->stats->spawn_failures++;
	if (to && target->name)
		log_error(x->who, "connect: %s at %s: %s", target->text,
			  addr_text(to, at), strerror(-error));
	else
		log_error(x->who, "connect: %s: %s", target->text,
			  words_for(error, to != NULL));
	hub_opened(x->source.hub, error, why);
	source_connect_gone(x, false);
}

static void on_dialed(void *data, int fd, int error, const struct addr *to)
{
	struct source_connect *x = data;
	char at[ADDR_TEXT];

	x->dial = NULL;
	if (error < 0) {
		fail(x, error, to);
		return;
	}
	x->stats->spawns++;
	log_debug(x->who, "connected to %s", addr_text(to, at));
	if (to->sa.sa_family != AF_UNIX)
		stream_tune(fd, &x->tune);
	source_connect_opened(x, fd, to);
}

static struct source_connect *source_connect_new(struct hub *h,
						 const struct connect_start *start)
{
	struct source_connect *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	source_connect_init(x);
	x->source.hub = h;
	x->conf = start->conf;
	x->tune = *start->tune;
	x->running = start->running;
	x->stats = start->stats;
	snprintf(x->who, sizeof(x->who), "%s", start->who);
	return x;
}

int source_connect_open(struct hub *h, const struct connect_start *start)
{
	struct source_connect *x = source_connect_new(h, start);
	struct dial_start dial = {
		.target = &start->conf->target,
		.resolver = start->resolver,
		.seconds = start->conf->timeout,
		.done = on_dialed,
		.data = x,
	};
	int r;

	if (!x)
		return -ENOMEM;
	r = buf_append(&x->kept, start->header.p, start->header.n, SIZE_MAX);
	if (r == 0)
		r = dial_begin(h->bridge->loop, &dial, &x->dial);
	if (r < 0) {
		source_connect_free(x);
		return r;
	}
	(*x->running)++;
	h->opening = true;
	hub_attach(h, &x->source);
	return 0;
}
