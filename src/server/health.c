/* SPDX-License-Identifier: MIT */
/* Answers a load balancer that asks whether the daemon is there. */
#include <string.h>

#include "client_impl.h"
#include "log.h"

/* A plain GET or HEAD of that page.  Its path is compared as it came. */
static bool is_health(const struct client *c)
{
	const char *page = c->server->routes->conf->health;
	struct span path = http_span(buf_head(&c->head), c->http.path);

	return page && span_is(path, (struct span){ page, strlen(page) }) &&
	       request_is_plain(c);
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
