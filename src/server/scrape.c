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

static bool next_sample(void *begun)
{
	return metrics_next(begun);
}

static int end(void *begun, struct buf *ret)
{
	return metrics_end(begun, ret);
}

enum step answer_scrape(struct client *c)
{
	static const struct long_answer page = {
		.type = PROMETHEUS_TYPE,
		.next = next_sample,
		.end = end,
	};

	if (!is_scrape(c))
		return STEP_NEXT;
	if (proxied_is_hidden(c))
		answer_error(c, 403,
			     "this came through a proxy that trusted_proxy does not "
			     "list: the metrics cannot tell whose it is");
	else if (cidr_list_has(&c->routes->conf->web_allow, &c->peer))
		return answer_long(c, &page, metrics_begin(c->server, c->routes));
	else
		answer_error(c, 403,
			     "the metrics are not for your address ([web] allow)");
	return STEP_END;
}
