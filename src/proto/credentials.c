/* SPDX-License-Identifier: MIT */
/* What the Authorization field or a query says about who asks. */
#include "credentials.h"
#include "base64.h"
#include "num.h"

static bool is_alphanumeric(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Keep the N bytes of P as the secret's text.  False: too long. */
static bool keep(struct credentials *c, const char *p, size_t n)
{
	if (n > sizeof(c->text))
		return false;
	if (n > 0)
		memcpy(c->text, p, n);
	c->secret = (struct span){ c->text, n };
	return true;
}

/* ---- Basic ---- */

static bool has_control(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)p[i] < ' ' || p[i] == 0x7f)
			return true;
	return false;
}

static bool parse_basic(struct span rest, struct credentials *c)
{
	long n = base64_decode(rest, c->text, sizeof(c->text));
	const char *colon = n > 0 ? memchr(c->text, ':', (size_t)n) : NULL;

	if (!colon || has_control(c->text, (size_t)n))
		return false;
	c->user = (struct span){ c->text, (size_t)(colon - c->text) };
	c->secret = (struct span){ colon + 1, (size_t)n - c->user.n - 1 };
	return true;
}

/* ---- Bearer ---- */

/* RFC 9110 11.2 */
static bool is_token68(struct span s)
{
	size_t n = 0;

	while (n < s.n && (is_alphanumeric(s.p[n]) || memchr("-._~+/", s.p[n], 6)))
		n++;
	if (n == 0)
		return false;
	while (n < s.n && s.p[n] == '=')
		n++;
	return n == s.n;
}

static bool parse_bearer(struct span rest, struct credentials *c)
{
	return is_token68(rest) && keep(c, rest.p, rest.n);
}

/* ---- the field ---- */

static const struct {
	struct span scheme;
	enum credentials_kind kind;
	bool (*parse)(struct span rest, struct credentials *c);
} schemes[] = {
	{ { "Basic", 5 }, CREDENTIALS_BASIC, parse_basic },
	{ { "Bearer", 6 }, CREDENTIALS_BEARER, parse_bearer },
};

void credentials_parse(struct span field, struct credentials *ret)
{
	struct span scheme = field, rest;

	for (scheme.n = 0; scheme.n < field.n && field.p[scheme.n] != ' ';)
		scheme.n++;
	rest = (struct span){ field.p + scheme.n, field.n - scheme.n };
	while (rest.n > 0 && *rest.p == ' ')
		rest = (struct span){ rest.p + 1, rest.n - 1 };
	ret->kind = http_is_token(scheme) ? CREDENTIALS_OTHER : CREDENTIALS_BAD;
	ret->user = ret->secret = (struct span){ NULL, 0 };
	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++)
		if (span_is_nocase(scheme, schemes[i].scheme))
			ret->kind = schemes[i].parse(rest, ret) ? schemes[i].kind
								: CREDENTIALS_BAD;
}

/* ---- taking them out of a head ---- */

void credentials_wipe(struct credentials *c)
{
	explicit_bzero(c, sizeof(*c));
}

/* Take the fields out that are called Authorization, and parse what they say. */
static void take_fields(struct http *h, char *data, struct credentials *ret)
{
	unsigned left = 0, found = 0;

	for (unsigned i = 0; i < h->nfields; i++) {
		struct span name = http_span(data, h->fields[i].name);
		struct http_at value = h->fields[i].value;

		if (!span_is_nocase(name, SPAN("Authorization"))) {
			h->fields[left++] = h->fields[i];
			continue;
		}
		credentials_parse(http_span(data, value), ret);
		if (found++ > 0)
			ret->kind = CREDENTIALS_BAD;
		explicit_bzero(data + value.at, value.n);
	}
	h->nfields = left;
}

/* The byte that the N bytes at P escape, or -1. */
static int escaped(const char *p, size_t n)
{
	int high = n > 2 && *p == '%' ? num_hex_digit(p[1]) : -1;
	int low = high < 0 ? -1 : num_hex_digit(p[2]);

	return low < 0 ? -1 : high * 16 + low;
}

/* Resolve the percent escapes of the N bytes at P, in place: how many bytes are left. */
static size_t unescape(char *p, size_t n)
{
	size_t out = 0;

	for (size_t i = 0; i < n; i++) {
		int byte = escaped(p + i, n - i);

		p[out++] = byte < 0 ? p[i] : (char)byte;
		if (byte >= 0)
			i += 2;
	}
	return out;
}

/* Cut N bytes AT (and a & or ? that is then too many) out of the query, which ends the
 * target. */
static void cut(struct http *h, char *data, size_t at, size_t n)
{
	size_t end = h->query.at + h->query.n;

	if (at + n < end) {
		n++; /* the & behind it */
	} else if (at > h->query.at) {
		at--; /* the & before it */
		n++;
	}
	memmove(data + at, data + at + n, end - at - n);
	explicit_bzero(data + end - n, n);
	h->query.n -= (uint32_t)n;
	h->target.n -= (uint32_t)n;
	if (h->query.n == 0) { /* the ? before it */
		h->has_query = false;
		h->target.n--;
	}
}

/* Take the parameters called NAME out; the first is RET's, unless it has a secret. */
static void take_query(struct http *h, char *data, struct span name,
		       struct credentials *ret)
{
	size_t at = h->query.at;

	while (at < h->query.at + h->query.n) {
		char *p = data + at;
		size_t left = h->query.at + h->query.n - at, n = 0;

		while (n < left && p[n] != '&')
			n++;
		if (n <= name.n || memcmp(p, name.p, name.n) != 0 || p[name.n] != '=') {
			at += n + 1;
			continue;
		}
		if (ret->kind == CREDENTIALS_NONE) {
			size_t length = unescape(p + name.n + 1, n - name.n - 1);
			struct span value = { p + name.n + 1, length };

			ret->kind = parse_bearer(value, ret) ? CREDENTIALS_BEARER
							     : CREDENTIALS_BAD;
		}
		cut(h, data, at, n);
	}
}

void credentials_take(struct http *h, char *data, const char *query,
		      struct credentials *ret)
{
	ret->kind = CREDENTIALS_NONE;
	ret->user = ret->secret = (struct span){ NULL, 0 };
	take_fields(h, data, ret);
	if (query && h->has_query)
		take_query(h, data, (struct span){ query, strlen(query) }, ret);
}
