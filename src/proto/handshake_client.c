/* SPDX-License-Identifier: MIT */
/* Asks for a WebSocket, and judges the answer. */
#include "handshake_client.h"

static struct span span_of(const char *text)
{
	return (struct span){ text, strlen(text) };
}

bool handshake_field_valid(const char *line)
{
	static const char *const own[] = { "Host",
					   "Upgrade",
					   "Connection",
					   "Content-Length",
					   "Transfer-Encoding",
					   "Sec-WebSocket-Key",
					   "Sec-WebSocket-Version",
					   "Sec-WebSocket-Extensions" };
	struct span name = { line, strcspn(line, ":") };

	if (!line[name.n] || !http_is_token(name))
		return false;
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (span_is_nocase(name, span_of(own[i])))
			return false;
	for (; *line; line++)
		if (((unsigned char)*line < 0x20 && *line != '\t') || *line == 0x7F)
			return false;
	return true;
}

void handshake_write_request(const struct handshake_request *q, FILE *out)
{
	fprintf(out,
		"GET %.*s HTTP/1.1\r\n"
		"Host: %.*s\r\n"
		"Upgrade: websocket\r\n"
		"Connection: Upgrade\r\n"
		"Sec-WebSocket-Version: 13\r\n"
		"Sec-WebSocket-Key: %s\r\n",
		(int)q->target.n, q->target.p, (int)q->host.n, q->host.p, q->key);
	if (q->origin)
		fprintf(out, "Origin: %s\r\n", q->origin);
	if (q->authorization)
		fprintf(out, "Authorization: %s\r\n", q->authorization);
	for (const char *const *s = q->subprotocols; s && *s; s++)
		fprintf(out, "Sec-WebSocket-Protocol: %s\r\n", *s);
	for (const char *const *f = q->fields; f && *f; f++)
		fprintf(out, "%s\r\n", *f);
	fputs("\r\n", out);
}

static bool is_offered(const struct handshake_request *q, struct span s)
{
	for (const char *const *offer = q->subprotocols; offer && *offer; offer++)
		if (span_is(span_of(*offer), s))
			return true;
	return false;
}

/* The only field called NAME; false: there is none, or more than one. */
static bool find_one(const struct response *r, const char *data, const char *name,
		     struct span *ret)
{
	return http_count(&r->head, data, name) == 1 &&
	       http_find(&r->head, data, name, ret);
}

const char *handshake_judge_answer(const struct handshake_request *q,
				   const struct response *r, const char *data,
				   struct span *ret_subprotocol)
{
	static const char chosen[] = "Sec-WebSocket-Protocol";
	char accept[HANDSHAKE_ACCEPT_SIZE + 1];
	struct span value, subprotocol = { NULL, 0 };

	handshake_accept(span_of(q->key), accept);
	if (r->status != 101 || r->head.minor < 1)
		return "the answer is no 101 of HTTP/1.1";
	if (!find_one(r, data, "Upgrade", &value) ||
	    !span_is_nocase(value, SPAN("websocket")))
		return "the answer does not upgrade to websocket";
	if (!handshake_names(&r->head, data, "Connection", SPAN("upgrade")))
		return "Connection does not name Upgrade in the answer";
	if (!find_one(r, data, "Sec-WebSocket-Accept", &value) ||
	    !span_is(value, span_of(accept)))
		return "Sec-WebSocket-Accept is not that of our key";
	if (http_count(&r->head, data, "Sec-WebSocket-Extensions") > 0)
		return "the server uses an extension that was not offered";
	if (http_count(&r->head, data, chosen) > 0 &&
	    (!find_one(r, data, chosen, &subprotocol) || !is_offered(q, subprotocol)))
		return "the server chose a subprotocol that was not offered";
	*ret_subprotocol = subprotocol;
	return NULL;
}
