/* SPDX-License-Identifier: MIT */
/* Plain HTTP answers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "asset.h"
#include "client_impl.h"
#include "log.h"
#include "pages.h"

#define CSP                                                                         \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " \
	"connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

#define TARGET_TEXT 256 /* bytes of a target that a line of the log shows */
#define RETRY_AFTER 5   /* seconds, in 429 and 503 */

bool answer_head(struct client *c, struct http_response *r)
{
	char *head = c->server->bridge.scratch.read; /* a Location may be long */
	bool is_error = r->status >= 400 && r->status != 426;
	size_t n;

	r->date = time(NULL);
	r->more = is_error ? NULL : c->fields;
	n = http_respond(head, TURN_BYTES, r);
	if (n == 0 && !is_error) {
		answer_error(c, 431, "the head of the answer would be over 64 KiB");
		return false;
	}
	if (n == 0 || buf_append(&c->out, head, n, SIZE_MAX) < 0) {
		client_drop_for_memory(c);
		return false;
	}
	c->state = CLIENT_ANSWERING;
	client_answered(c, r->status);
	return true;
}

static bool is_head(const struct client *c)
{
	struct span method = http_span(buf_len(&c->head) > 0 ? buf_head(&c->head) : "",
				       c->http.method);

	return span_is(method, SPAN("HEAD"));
}

bool answer(struct client *c, struct http_response *r, struct span body)
{
	r->content_length = body.n;
	if (!r->security)
		r->security = CSP;
	if (!answer_head(c, r))
		return false;
	if (is_head(c) || buf_append(&c->out, body.p, body.n, SIZE_MAX) == 0)
		return true;
	client_drop_for_memory(c);
	return false;
}

void answer_text(struct client *c, struct http_response *r, char *text, size_t n)
{
	if (text)
		answer(c, r, (struct span){ text, n });
	else
		client_drop_for_memory(c);
	free(text);
}

void answer_plain(struct client *c, int status, struct span text)
{
	struct http_response r = {
		.status = status,
		.content_type = "text/plain; charset=utf-8",
	};

	answer(c, &r, text);
}

/* What the request asks for, as far as it has come; its query may hold a secret.  OUT of
 * CAP bytes, or NULL: nothing yet. */
static const char *target_text(const struct client *c, char *out, size_t cap)
{
	struct span target = http_span(buf_len(&c->head) > 0 ? buf_head(&c->head) : "",
				       c->http.target);
	const char *query = target.n > 0 ? memchr(target.p, '?', target.n) : NULL;

	if (target.n == 0)
		return NULL;
	if (query)
		target.n = (size_t)(query - target.p);
	snprintf(out, cap, "%.*s", (int)target.n, target.p);
	return out;
}

void answer_buf(struct client *c, const char *type, struct buf *body)
{
	struct http_response r = { .status = 200,
				   .content_type = type,
				   .content_length = buf_len(body),
				   .security = CSP };

	if (answer_head(c, &r) && !is_head(c) && buf_join(&c->out, body) < 0)
		client_drop_for_memory(c);
	buf_free(body);
}

static void log_refusal(const struct client *c, const struct http_refusal *why)
{
	char peer[ADDR_TEXT], from[ADDR_TEXT], who[SESSION_WHO], target[TARGET_TEXT];
	struct log_field fields[6] = {
		{ "status", LOG_NUMBER, .value.number = (unsigned)why->status },
		{ "peer", LOG_WORD, .value.text = addr_text(&c->peer, peer) },
		{ "reason", LOG_TEXT, .value.text = why->reason },
	};
	size_t n = 3;

	if (why->auth)
		fields[n++] =
			(struct log_field){ "auth", LOG_WORD, .value.text = why->auth };
	if (c->named)
		fields[n++] =
			(struct log_field){ "via", LOG_WORD,
					    .value.text = addr_text(&c->from, from) };
	if (!c->path && target_text(c, target, sizeof(target))) /* else WHO tells it */
		fields[n++] =
			(struct log_field){ "target", LOG_TEXT, .value.text = target };
	log_event(LOG_LEVEL_INFO, client_who(c, who),
		  &(struct log_event){ .name = "refused",
				       .fields = fields,
				       .nfields = n,
				       .kind = (unsigned)why->status });
}

static int retry_after(const struct http_refusal *why)
{
	if (why->status != 429 && why->status != 503)
		return 0;
	return why->retry_after ? why->retry_after : RETRY_AFTER;
}

void answer_refusal(struct client *c, const struct http_refusal *why)
{
	struct http_response r = {
		.status = why->status,
		.content_type = "text/plain; charset=utf-8",
		.allow = why->status == 405 ? "GET, HEAD" : NULL,
		.authenticate = why->authenticate,
		.retry_after = retry_after(why),
		.websocket_version = why->status == 426,
	};
	size_t n = 0;
	char *text = pages_error(why->status, why->reason, &n);

	if (log_is_on(LOG_LEVEL_INFO))
		log_refusal(c, why);
	answer_text(c, &r, text, n);
}

void answer_error(struct client *c, int status, const char *reason)
{
	answer_refusal(c, &(struct http_refusal){ .status = status, .reason = reason });
}

void answer_asset(struct client *c, int status, const struct asset *a)
{
	struct http_response r = {
		.status = status,
		.content_type = a->type,
		.content_encoding = "gzip",
		.websocket_version = status == 426,
	};

	answer(c, &r, a->gzip);
}
