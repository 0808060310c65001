/* SPDX-License-Identifier: MIT */
/* Fuzzes credentials.c: whatever a head says, its target stays whole and its credentials
 * are gone from it. */
#include <stdlib.h>

#include "credentials.h"

#define MUST(holds) ((holds) ? (void)0 : abort())
#define LIMIT 8192

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool has_control(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return true;
	return false;
}

static void check_result(const struct credentials *c)
{
	switch (c->kind) {
	case CREDENTIALS_BASIC:
		MUST(c->user.p == c->text);
		MUST(c->secret.p == c->user.p + c->user.n + 1);
		MUST(c->user.n + 1 + c->secret.n <= sizeof(c->text));
		MUST(!memchr(c->user.p, ':', c->user.n));
		MUST(!has_control(c->user) && !has_control(c->secret));
		break;
	case CREDENTIALS_BEARER:
		MUST(c->secret.p == c->text && c->secret.n > 0);
		MUST(c->secret.n <= sizeof(c->text) && !has_control(c->secret));
		MUST(!memchr(c->secret.p, ' ', c->secret.n));
		break;
	default:
		break;
	}
}

/* No parameter called token is left. */
static void check_query(struct span query)
{
	for (size_t i = 0; i + 6 <= query.n; i++)
		MUST(memcmp(query.p + i, "token=", 6) != 0 ||
		     (i > 0 && query.p[i - 1] != '&'));
}

static void check_head(char *data, size_t n)
{
	struct credentials c;
	struct http h;
	unsigned fields;
	size_t path;

	http_init(&h, LIMIT);
	if (http_parse(&h, data, n) != HTTP_DONE)
		return;
	fields = h.nfields - http_count(&h, data, "Authorization");
	path = h.path.n;
	credentials_take(&h, data, "token", &c);
	check_result(&c);
	MUST(h.nfields == fields && http_count(&h, data, "authorization") == 0);
	MUST(h.path.n == path && h.target.at + h.target.n <= h.size);
	if (h.has_query) {
		MUST(h.query.at + h.query.n == h.target.at + h.target.n);
		MUST(data[h.query.at - 1] == '?');
		check_query(http_span(data, h.query));
	}
}

/* The input as a field's value, as a head, and as the query of one. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char begin[] = "GET /?", end[] = " HTTP/1.1\r\nHost: h\r\n\r\n";
	char *copy = malloc(sizeof(begin) + size + sizeof(end));
	struct credentials c;

	MUST(copy);
	if (size > 0)
		memcpy(copy, data, size);
	credentials_parse((struct span){ copy, size }, &c);
	check_result(&c);
	check_head(copy, size);
	memcpy(copy, begin, sizeof(begin) - 1);
	if (size > 0)
		memcpy(copy + sizeof(begin) - 1, data, size);
	memcpy(copy + sizeof(begin) - 1 + size, end, sizeof(end) - 1);
	check_head(copy, sizeof(begin) - 1 + size + sizeof(end) - 1);
	free(copy);
	return 0;
}
