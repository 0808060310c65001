/* SPDX-License-Identifier: MIT */
/* What trusted proxies say of a request's client. */
#include <string.h>

#include "authority.h"
#include "forwarded.h"

/* What one proxy says, as it is written; p NULL: does not say it. */
struct hop {
	bool empty; /* says nothing at all */
	struct span client, scheme, host;
};

/* Where a list is being read. */
struct reader {
	const char *p, *end;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void skip_blanks(struct reader *r)
{
	while (r->p < r->end && is_blank(*r->p))
		r->p++;
}

/* Take C when it comes next. */
static bool take(struct reader *r, char c)
{
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

/* ---- addresses ---- */

/* A port, or a hidden one (RFC 7239 6.3), which is 0.  -1: neither. */
static long parse_port(struct span s)
{
	return s.n > 1 && s.p[0] == '_' ? 0 : span_port(s);
}

/* Split ADDRESS[:PORT]: 192.0.2.1, 192.0.2.1:80, 2001:db8::1, [2001:db8::1],
 * [2001:db8::1]:80.  ret_port->p NULL: without. */
static bool split_port(struct span s, struct span *ret_host, struct span *ret_port)
{
	const char *colon = memchr(s.p, ':', s.n), *end = memchr(s.p, ']', s.n);
	const char *after = s.p + s.n;

	*ret_host = s;
	*ret_port = (struct span){ NULL, 0 };
	if (s.p[0] == '[') {
		if (!end || (end + 1 < after && end[1] != ':'))
			return false;
		*ret_host = (struct span){ s.p + 1, (size_t)(end - s.p) - 1 };
		colon = end + 1 < after ? end + 1 : NULL;
	} else if (colon && memchr(colon + 1, ':', (size_t)(after - colon) - 1)) {
		return true; /* a bare IPv6 address */
	} else if (colon) {
		ret_host->n = (size_t)(colon - s.p);
	}
	if (colon)
		*ret_port = (struct span){ colon + 1, (size_t)(after - colon) - 1 };
	return true;
}

/* The address that S is.  False: it is none that could be told. */
static bool parse_node(struct span s, struct addr *ret)
{
	char text[INET6_ADDRSTRLEN];
	struct span host, port;
	long number = 0;

	if (s.n == 0 || !split_port(s, &host, &port))
		return false;
	if (port.p)
		number = parse_port(port);
	if (number < 0 || host.n >= sizeof(text))
		return false;
	memcpy(text, host.p, host.n);
	text[host.n] = '\0';
	return strlen(text) == host.n && addr_inet(text, (unsigned)number, ret) &&
	       (s.p[0] != '[' || ret->sa.sa_family == AF_INET6);
}

/* Is the address CLIENT of a list not a trusted proxy's?  Nothing left of it can be
 * believed then. */
static bool is_last_known(struct span client, const struct cidr_list *trusted)
{
	struct addr a;

	return !client.p || !parse_node(client, &a) || !cidr_list_has(trusted, &a);
}

/* ---- Forwarded ---- */

/* token, or quoted-string without its quotes (RFC 9110 5.6.2, 5.6.4). */
static bool read_value(struct reader *r, struct span *ret)
{
	const char *begin = r->p;

	if (take(r, '"')) {
		while (r->p < r->end && *r->p != '"')
			r->p += *r->p == '\\' && r->p + 1 < r->end ? 2 : 1;
		*ret = (struct span){ begin + 1, (size_t)(r->p - begin) - 1 };
		return take(r, '"');
	}
	while (r->p < r->end && !strchr(",; \t\"=", *r->p))
		r->p++;
	*ret = (struct span){ begin, (size_t)(r->p - begin) };
	return http_is_token(*ret);
}

/* Put a parameter where it belongs; false: it stands there twice. */
static bool keep(struct hop *hop, struct span name, struct span value)
{
	const struct {
		struct span name;
		struct span *to;
	} known[] = {
		{ SPAN("for"), &hop->client },
		{ SPAN("proto"), &hop->scheme },
		{ SPAN("host"), &hop->host },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (!span_is_nocase(name, known[i].name))
			continue;
		if (known[i].to->p)
			return false;
		*known[i].to = value;
	}
	return true;
}

/* forwarded-element (RFC 7239 4), up to its comma or the end of the value. */
static bool read_element(struct reader *r, struct hop *ret)
{
	struct span name, value;

	*ret = (struct hop){ .empty = true };
	do {
		skip_blanks(r);
		if (r->p == r->end || *r->p == ',' || *r->p == ';')
			continue;
		name.p = r->p;
		while (r->p < r->end && *r->p != '=')
			r->p++;
		name.n = (size_t)(r->p - name.p);
		if (!http_is_token(name) || !take(r, '=') || !read_value(r, &value) ||
		    !keep(ret, name, value))
			return false;
		ret->empty = false;
		skip_blanks(r);
	} while (take(r, ';'));
	return r->p == r->end || *r->p == ',';
}

/* The element of the client over all fields of that name; false: not well-formed. */
static bool read_forwarded(const struct http *h, const char *data,
			   const struct cidr_list *trusted, struct hop *ret)
{
	struct hop hop;

	*ret = (struct hop){ .empty = true };
	for (unsigned i = 0; i < h->nfields; i++) {
		struct span value = http_span(data, h->fields[i].value);
		struct reader r = { value.p, value.p + value.n };

		if (!span_is_nocase(http_span(data, h->fields[i].name),
				    SPAN("Forwarded")))
			continue;
		do {
			if (!read_element(&r, &hop))
				return false;
			if (!hop.empty &&
			    (ret->empty || is_last_known(hop.client, trusted)))
				*ret = hop;
		} while (take(&r, ','));
	}
	return true;
}

/* ---- X-Forwarded ---- */

/* The next element of a list, without the blanks around it; n == 0: an empty one. */
static struct span next_of_list(struct reader *r)
{
	struct span s;

	skip_blanks(r);
	s.p = r->p;
	while (r->p < r->end && *r->p != ',')
		r->p++;
	s.n = (size_t)(r->p - s.p);
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* Of the elements of all fields called NAME: the last, or with TRUSTED the client's; p
 * NULL: there is none. */
static struct span read_list(const struct http *h, const char *data, struct span name,
			     const struct cidr_list *trusted)
{
	struct span found = { NULL, 0 };

	for (unsigned i = 0; i < h->nfields; i++) {
		struct span value = http_span(data, h->fields[i].value), one;
		struct reader r = { value.p, value.p + value.n };

		if (!span_is_nocase(http_span(data, h->fields[i].name), name))
			continue;
		do {
			one = next_of_list(&r);
			if (one.n > 0 &&
			    (!found.p || !trusted || is_last_known(one, trusted)))
				found = one;
		} while (take(&r, ','));
	}
	return found;
}

/* ---- together ---- */

static bool say(const char *reason, const char **ret)
{
	*ret = reason;
	return false;
}

/* 1: https or wss, 0: http or ws, -1: unknown. */
static int parse_scheme(struct span s)
{
	static const struct {
		struct span word;
		int secure;
	} words[] = {
		{ { "http", 4 }, 0 },
		{ { "https", 5 }, 1 },
		{ { "ws", 2 }, 0 },
		{ { "wss", 3 }, 1 },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (span_is_nocase(s, words[i].word))
			return words[i].secure;
	return -1;
}

static bool settle_client(struct span a, struct span b, struct forwarded *f,
			  const char **ret_reason)
{
	char text[2][ADDR_TEXT];
	struct addr other;

	if (a.p && !parse_node(a, &f->client))
		return say("Forwarded does not tell the client's address", ret_reason);
	if (b.p && !parse_node(b, &other))
		return say("X-Forwarded-For does not tell the client's address",
			   ret_reason);
	if (a.p && b.p &&
	    strcmp(addr_host(&f->client, text[0]), addr_host(&other, text[1])) != 0)
		return say("Forwarded and X-Forwarded-For name different clients",
			   ret_reason);
	if (b.p && (!a.p || addr_port(&f->client) == 0))
		f->client = other;
	return true;
}

static bool settle_scheme(struct span a, struct span b, struct forwarded *f,
			  const char **ret_reason)
{
	int first = parse_scheme(a.p ? a : b), second = parse_scheme(b.p ? b : a);

	if (!a.p && !b.p)
		return true;
	if (first < 0 || second < 0)
		return say("the forwarded scheme is not http or https", ret_reason);
	if (first != second)
		return say("Forwarded and X-Forwarded-Proto name different schemes",
			   ret_reason);
	f->has_scheme = true;
	f->secure = first == 1;
	return true;
}

static bool settle_host(const char *data, struct span a, struct span b,
			struct forwarded *f, const char **ret_reason)
{
	struct span host = a.p ? a : b;

	if (!host.p)
		return true;
	if (!authority_is_valid(host) || (b.p && !authority_is_valid(b)))
		return say("the forwarded host is not valid", ret_reason);
	if (b.p && !span_is_nocase(host, b))
		return say("Forwarded and X-Forwarded-Host name different hosts",
			   ret_reason);
	f->host = (struct http_at){ (uint32_t)(host.p - data), (uint32_t)host.n };
	return true;
}

bool forwarded_read(const struct http *h, const char *data,
		    const struct cidr_list *trusted, struct forwarded *ret,
		    const char **ret_reason)
{
	struct forwarded f = { 0 };
	struct hop a, b;

	if (!read_forwarded(h, data, trusted, &a))
		return say("Forwarded is not well-formed", ret_reason);
	b.client = read_list(h, data, SPAN("X-Forwarded-For"), trusted);
	b.scheme = read_list(h, data, SPAN("X-Forwarded-Proto"), NULL);
	b.host = read_list(h, data, SPAN("X-Forwarded-Host"), NULL);
	if (!settle_client(a.client, b.client, &f, ret_reason) ||
	    !settle_scheme(a.scheme, b.scheme, &f, ret_reason) ||
	    !settle_host(data, a.host, b.host, &f, ret_reason))
		return false;
	*ret = f;
	return true;
}
