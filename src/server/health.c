/* SPDX-License-Identifier: MIT */
/* Answers a load balancer that asks whether the daemon is there. */
#include <string.h>

#include "client_impl.h"
#include "log.h"

/* A plain GET or HEAD of that page.  Its path is compared as it came. */
static bool is_health(const struct client *c)
{
	const char *page = c->server->routes->conf->health;
	const char *data = buf_head(&c->head);
	struct span method = http_span(data, c->http.method);

	return page &&
	       span_is(http_span(data, c->http.path),
		       (struct span){ page, strlen(page) }) &&
	       (span_is(method, SPAN("GET")) || span_is(method, SPAN("HEAD"))) &&
	       http_count(&c->http, data, "Upgrade") == 0;
}

enum step answer_health(struct client *c)
{
	char who[SESSION_WHO];

	if (!is_health(c))
		return STEP_NEXT;
	log_debug(client_who(c, who), "health check");
	answer_plain(c, 200, SPAN("ok\n"));
	return STEP_END;
}
