/* SPDX-License-Identifier: MIT */
/* May this request open this path? */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "access.h"

static struct span text(const char *s)
{
	return (struct span){ s, strlen(s) };
}

/* Cut ":PORT" off HOST, the brackets of an IPv6 address left alone. */
static struct span cut_port(struct span *host)
{
	struct span port = { NULL, 0 };

	for (size_t i = host->n; i > 0; i--) {
		if (host->p[i - 1] == ']')
			break;
		if (host->p[i - 1] == ':') {
			port = (struct span){ host->p + i, host->n - i };
			host->n = i - 1;
			break;
		}
	}
	return port;
}

struct span access_host_name(struct span host)
{
	cut_port(&host);
	return host;
}

static bool is_address(struct span name)
{
	char copy[INET_ADDRSTRLEN];
	struct in_addr unused;

	if (name.n > 0 && name.p[0] == '[')
		return true;
	if (name.n >= sizeof(copy))
		return false;
	memcpy(copy, name.p, name.n);
	copy[name.n] = '\0';
	return inet_pton(AF_INET, copy, &unused) == 1;
}

bool access_host(char *const *names, bool loopback, struct span host)
{
	struct span name = access_host_name(host);

	if (name.n == 0)
		return true;
	for (char *const *n = names; n && *n; n++)
		if (span_is_nocase(name, text(*n)))
			return true;
	if (loopback)
		return span_is_nocase(name, SPAN("localhost")) || is_address(name);
	return !names || !*names;
}

/* Split "scheme://host[:port]"; the port is the scheme's default when none is given. */
static bool split_origin(struct span origin, struct span *ret_host, struct span *ret_port,
			 struct span *ret_default)
{
	static const struct {
		struct span scheme, port;
	} schemes[] = {
		{ { "http://", 7 }, { "80", 2 } },
		{ { "https://", 8 }, { "443", 3 } },
	};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t n = schemes[i].scheme.n;

		if (origin.n <= n || strncasecmp(origin.p, schemes[i].scheme.p, n) != 0)
			continue;
		*ret_host = (struct span){ origin.p + n, origin.n - n };
		*ret_port = cut_port(ret_host);
		*ret_default = schemes[i].port;
		if (ret_port->n == 0)
			*ret_port = *ret_default;
		return true;
	}
	return false;
}

static bool same_origin(struct span origin, struct span host)
{
	struct span from, from_port, scheme_port, port;

	if (!split_origin(origin, &from, &from_port, &scheme_port))
		return false; /* "null", file:, an extension */
	port = cut_port(&host);
	if (port.n == 0)
		port = scheme_port;
	return span_is_nocase(from, host) && span_is(from_port, port);
}

bool access_origin(const struct access_conf *conf, struct span origin, struct span host)
{
	if (strcmp(conf->origins[0], "any") == 0)
		return true;
	if (!origin.p)
		return conf->origin_missing;
	for (char **o = conf->origins; *o; o++)
		if (strcmp(*o, "same") == 0 ? same_origin(origin, host)
					    : span_is_nocase(origin, text(*o)))
			return true;
	return false;
}

const char *access_origin_text(const struct access_conf *conf, char *out, size_t cap)
{
	size_t n = 0;

	out[0] = '\0';
	for (char **o = conf->origins; *o && n < cap; o++)
		n += (size_t)snprintf(out + n, cap - n, "%s%s", n ? " " : "", *o);
	return out;
}
