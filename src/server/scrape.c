/* SPDX-License-Identifier: MIT */
/* Answers Prometheus, or whoever else asks for the metrics. */
#include <stddef.h>
#include <string.h>

#include "client_impl.h"
#include "metrics.h"

/* A plain GET or HEAD of that page. */
static bool is_scrape(const struct client *c)
{
	const char *page = c->routes->conf->metrics;

	return page && strcmp(c->path, page) == 0 && request_is_plain(c);
}

static void answer_metrics(struct client *c, struct scrape *s)
{
	struct buf text;

	if (metrics_end(s, &text) == 0)
		answer_buf(c, PROMETHEUS_TYPE, &text);
	else
		client_drop_for_memory(c);
}

static void cancel(struct client *c)
{
	struct buf text;

	turn_forget(&c->server->bridge.turn, &c->turn);
	metrics_end(c->waits_for, &text);
	buf_free(&text);
}

static void on_turn(struct late *l)
{
	struct client *c = (struct client *)((char *)l - offsetof(struct client, turn));

	if (metrics_go_on(c->waits_for)) {
		turn_wait(&c->server->bridge.turn, &c->turn, on_turn);
		return;
	}
	c->cancel = NULL; /* C may be dropped for want of memory */
	answer_metrics(c, c->waits_for);
	request_resume(c, STEP_END);
}

/* Make the page; of many paths in several turns of the loop. */
static enum step begin(struct client *c)
{
	struct scrape *s = metrics_begin(c->server, c->routes);

	if (!s) {
		client_drop_for_memory(c);
		return STEP_END;
	}
	if (!metrics_go_on(s)) {
		answer_metrics(c, s);
		return STEP_END;
	}
	c->waits_for = s;
	c->cancel = cancel;
	turn_wait(&c->server->bridge.turn, &c->turn, on_turn);
	return STEP_WAIT;
}

enum step answer_scrape(struct client *c)
{
	if (!is_scrape(c))
		return STEP_NEXT;
	if (proxied_is_hidden(c))
		answer_error(c, 403,
			     "this came through a proxy that trusted_proxy does not "
			     "list: the metrics cannot tell whose it is");
	else if (cidr_list_has(&c->routes->conf->web_allow, &c->peer))
		return begin(c);
	else
		answer_error(c, 403,
			     "the metrics are not for your address ([web] allow)");
	return STEP_END;
}
