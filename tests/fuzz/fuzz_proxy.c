/* SPDX-License-Identifier: MIT */
/* Fuzzes proxy.c: what the whole input is does not depend on how it comes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proxy.h"

#define MUST(holds) ((holds) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In memory of exactly its size. */
static enum proxy_result parse(const uint8_t *data, size_t n, struct proxy *ret)
{
	char *copy = malloc(n + (n == 0));
	enum proxy_result r;

	MUST(copy);
	if (n > 0)
		memcpy(copy, data, n);
	r = proxy_parse(copy, n, ret);
	free(copy);
	return r;
}

static void check_done(const struct proxy *p, size_t n)
{
	char text[ADDR_TEXT];

	MUST(p->size > 0 && p->size <= n && p->size <= PROXY_MAX);
	if (p->client.len > 0)
		MUST(strlen(addr_text(&p->client, text)) >= strlen("[::]:0") - 1);
	else
		MUST(!p->secure);
}

/* What is said of the first N bytes must fit what is said of all of them. */
static void check_part(const uint8_t *data, size_t n, enum proxy_result whole,
		       const struct proxy *p)
{
	struct proxy q;
	enum proxy_result part = parse(data, n, &q);

	switch (whole) {
	case PROXY_DONE:
		MUST(part == (n < p->size ? PROXY_MORE : PROXY_DONE));
		MUST(part == PROXY_MORE || (q.size == p->size && q.secure == p->secure));
		break;
	case PROXY_MORE:
		MUST(part == PROXY_MORE);
		break;
	case PROXY_BAD:
		MUST(part != PROXY_DONE && p->reason && *p->reason);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proxy p;
	enum proxy_result whole = parse(data, size, &p);

	if (whole == PROXY_DONE)
		check_done(&p, size);
	MUST(whole != PROXY_MORE || size < PROXY_MAX);
	for (size_t n = 0; n < size && n < 300; n++)
		check_part(data, n, whole, &p);
	return 0;
}
