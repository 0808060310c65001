/* SPDX-License-Identifier: MIT */
/* Fuzzes forwarded.c: fields of a head, of which the last is what the proxy next to us
 * has appended; whatever stands before it, the client is the one that it names. */
#include <stdint.h>
#include <stdlib.h>

#include "authority.h"
#include "forwarded.h"

#define MUST(holds) ((holds) ? (void)0 : abort())
#define LIMIT 8192

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct cidr networks[] = { { CIDR_IPV4, 8, { 10 } } };
static const struct cidr_list trusted = { networks, 1 };

/* What is said by the SIZE bytes at INPUT, and behind them by TAIL; false: it is no head,
 * or not believed. */
static bool read_fields(const uint8_t *input, size_t size, const char *tail,
			struct forwarded *ret)
{
	static const char begin[] = "GET / HTTP/1.1\r\nHost: h\r\n";
	size_t n = sizeof(begin) - 1, rest = strlen(tail);
	char *data = malloc(n + size + rest);
	const char *reason = NULL;
	bool good = false;
	struct http h;

	MUST(data);
	memcpy(data, begin, n);
	if (size > 0)
		memcpy(data + n, input, size);
	memcpy(data + n + size, tail, rest);
	http_init(&h, LIMIT);
	if (http_parse(&h, data, n + size + rest) == HTTP_DONE &&
	    h.size == n + size + rest) {
		good = forwarded_read(&h, data, &trusted, ret, &reason);
		MUST(good || (reason && *reason));
		if (good && ret->host.n > 0)
			MUST(ret->host.at + ret->host.n <= h.size &&
			     authority_is_valid(http_span(data, ret->host)));
	}
	free(data);
	return good;
}

static bool is_named(const struct forwarded *f, const char *host)
{
	char text[ADDR_TEXT];

	return f->client.len > 0 && strcmp(addr_host(&f->client, text), host) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct forwarded f;

	read_fields(data, size, "\r\n\r\n", &f);
	if (size > 0 && data[size - 1] != '\n')
		return 0; /* only whole lines may stand before ours */
	if (read_fields(data, size, "X-Forwarded-For: 192.0.2.1\r\n\r\n", &f))
		MUST(is_named(&f, "192.0.2.1"));
	if (read_fields(data, size, "Forwarded: for=192.0.2.1, for=10.0.0.1\r\n\r\n", &f))
		MUST(is_named(&f, "192.0.2.1"));
	return 0;
}
