/* SPDX-License-Identifier: MIT */
/* Answers Prometheus, or whoever else asks for the metrics. */
#include <string.h>

#include "client_impl.h"
#include "metrics.h"

/* A plain GET or HEAD of that page. */
static bool is_scrape(const struct client *c)
{
	const char *page = c->routes->conf->metrics;

	return page && strcmp(c->path, page) == 0 && request_is_plain(c);
}

enum step answer_scrape(struct client *c)
{
	char *text;
	size_t n = 0;

	if (!is_scrape(c))
		return STEP_NEXT;
	if (!cidr_list_has(&c->routes->conf->web_allow, &c->peer)) {
		answer_error(c, 403,
			     "the metrics are not for your address ([web] allow)");
		return STEP_END;
	}
	text = metrics_text(c->server, &n);
	answer_made(c, PROMETHEUS_TYPE, text, n);
	return STEP_END;
}
