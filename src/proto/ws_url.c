/* SPDX-License-Identifier: MIT */
/* The parts of a WebSocket's URL. */
#include <stdlib.h>

#include "authority.h"
#include "ws_url.h"

/* What follows PREFIX at the beginning of TEXT, in any case; NULL: something else. */
static const char *after(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncasecmp(text, prefix, n) == 0 ? text + n : NULL;
}

/* Everything that may stand in a request line. */
static bool is_printable(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text <= ' ' || (unsigned char)*text >= 0x7F)
			return false;
	return true;
}

static bool copy_name(struct span s, struct ws_url *u)
{
	if (s.n == 0 || s.n >= sizeof(u->name))
		return false;
	memcpy(u->name, s.p, s.n);
	u->name[s.n] = 0;
	return true;
}

/* TEXT is what stands behind the authority or the socket. */
static const char *take_target(const char *text, struct ws_url *u)
{
	if (strchr(text, '#'))
		return "a WebSocket's URL has no #fragment";
	if (!is_printable(text))
		return "a byte in the path that must be percent-encoded";
	if (*text == '?')
		return "a query needs a path: /?...";
	u->target = *text ? (struct span){ text, strlen(text) } : SPAN("/");
	return NULL;
}

static const char *take_unix(const char *text, struct ws_url *u)
{
	size_t n = strcspn(text, ":");

	u->is_unix = true;
	u->authority = SPAN("localhost");
	if (*text != '/' || !copy_name((struct span){ text, n }, u))
		return "no path of a socket; as in unix:/run/x.sock:/path";
	if (text[n] == ':' && text[n + 1] != '/')
		return "behind the socket stands :/path";
	return take_target(text + n + (text[n] == ':'), u);
}

static const char *take_host(const char *text, struct ws_url *u)
{
	size_t n = strcspn(text, "/?#");
	struct span host = { text, n }, port;
	const char *colon;

	if (memchr(text, '@', n))
		return "a password does not belong in a URL; --user asks for it";
	u->authority = host;
	if (!authority_is_valid(host))
		return "no valid host";
	colon = memchr(host.p, ':', n);
	if (*text == '[') {
		host = (struct span){ text + 1, strcspn(text, "]") - 1 };
		colon = text[host.n + 2] == ':' ? text + host.n + 2 : NULL;
	} else if (colon) {
		host.n = (size_t)(colon - text);
	}
	port = colon ? (struct span){ colon + 1, (size_t)(text + n - colon - 1) }
		     : SPAN("");
	u->port = u->secure ? 443 : 80;
	if (port.n > 0)
		u->port = (uint16_t)atoi(port.p);
	if (u->port == 0 || !copy_name(host, u))
		return "no valid host";
	return take_target(text + n, u);
}

const char *ws_url_parse(const char *text, struct ws_url *ret)
{
	const char *rest;

	*ret = (struct ws_url){ 0 };
	if ((rest = after(text, "ws+unix://")) || (rest = after(text, "unix:")))
		return take_unix(rest, ret);
	ret->secure = (rest = after(text, "wss://"));
	if (rest || (rest = after(text, "ws://")))
		return take_host(rest, ret);
	if (after(text, "http://") || after(text, "https://"))
		return "a WebSocket's URL begins with ws:// or wss://";
	return "no URL of a WebSocket; ws://HOST[:PORT]/PATH, wss://... or "
	       "unix:/SOCKET:/PATH";
}
