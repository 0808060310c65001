/* SPDX-License-Identifier: MIT */
/* Fuzzes http.c: a head gives the same whole, byte by byte and cut in two, and keeps its
 * promises. */
#include <stdio.h>
#include <stdlib.h>

#include "http.h"

#define MUST(holds) ((holds) ? (void)0 : abort())
#define LIMIT 1024 /* small, so that heads over it are found */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One run of the parser: H has been asked about N bytes of DATA, which is ours. */
struct run {
	struct http h;
	enum http_parse result;
	char *data;
	size_t n;
};

/* Parse the N bytes at P, a first piece of CUT bytes and then STEP at a time; what has
 * not come yet is something else. */
static struct run parse(const uint8_t *p, size_t n, size_t cut, size_t step)
{
	struct run r = { .data = malloc(n + 1), .result = HTTP_MORE };

	MUST(r.data);
	memset(r.data, 'x', n);
	http_init(&r.h, LIMIT);
	for (size_t next = cut;; next += step) {
		next = next < n ? next : n;
		memcpy(r.data + r.n, p + r.n, next - r.n);
		r.n = next;
		r.result = http_parse(&r.h, r.data, r.n);
		if (r.result != HTTP_MORE || r.n == n)
			return r;
		MUST(r.h.next == r.n);
	}
}

static void must_agree(const struct http_at *a, const struct http_at *b)
{
	MUST(a->at == b->at && a->n == b->n);
}

static void must_be_same(const struct run *a, const struct run *b)
{
	MUST(a->result == b->result && a->h.next == b->h.next);
	MUST(a->h.status == b->h.status && a->h.reason == b->h.reason);
	if (a->result != HTTP_DONE)
		return;
	MUST(a->h.size == b->h.size && a->h.minor == b->h.minor);
	MUST(a->h.has_query == b->h.has_query && a->h.nfields == b->h.nfields);
	must_agree(&a->h.method, &b->h.method);
	must_agree(&a->h.target, &b->h.target);
	must_agree(&a->h.path, &b->h.path);
	must_agree(&a->h.query, &b->h.query);
	must_agree(&a->h.host, &b->h.host);
	for (unsigned i = 0; i < a->h.nfields; i++) {
		must_agree(&a->h.fields[i].name, &b->h.fields[i].name);
		must_agree(&a->h.fields[i].value, &b->h.fields[i].value);
	}
	MUST(memcmp(a->data, b->data, a->h.size) == 0);
}

static struct span part(const struct run *r, struct http_at at)
{
	MUST(at.at <= r->h.size && at.n <= r->h.size - at.at);
	return http_span(r->data, at);
}

static void check_field(const struct run *r, const struct http_field *f)
{
	struct span name = part(r, f->name), value = part(r, f->value);

	MUST(http_is_token(name) && name.p[name.n] == ':');
	for (size_t i = 0; i < value.n; i++)
		MUST((unsigned char)value.p[i] >= 0x20 && value.p[i] != 0x7f);
	if (value.n > 0)
		MUST(value.p[0] != ' ' && value.p[value.n - 1] != ' ');
}

static void check_path(struct span path)
{
	char out[256];
	long n = http_decode_path(path, out, sizeof(out));

	if (n < 0)
		return;
	MUST((size_t)n < sizeof(out) && out[n] == 0 && out[0] == '/');
	MUST(strlen(out) == (size_t)n);
	MUST(!strstr(out, "//") && !strstr(out, "/./") && !strstr(out, "/../"));
}

static void check_done(const struct run *r)
{
	struct span path = part(r, r->h.path), host;

	MUST(r->h.size <= r->n && r->h.size <= LIMIT);
	MUST(memcmp(r->data + r->h.size - 4, "\r\n\r\n", 4) == 0);
	MUST(http_is_token(part(r, r->h.method)));
	MUST(part(r, r->h.target).n > 0 && (path.n == 0 || path.p[0] == '/'));
	part(r, r->h.query);
	MUST(part(r, r->h.host).n > 0 || r->h.minor == 0);
	MUST(http_count(&r->h, r->data, "host") <= 1);
	MUST(r->h.minor == 0 || http_find(&r->h, r->data, "HOST", &host));
	MUST(http_count(&r->h, r->data, "Transfer-Encoding") == 0);
	for (unsigned i = 0; i < r->h.nfields; i++)
		check_field(r, &r->h.fields[i]);
	check_path(path);
}

static void check_bad(const struct run *r)
{
	int status = r->h.status;

	MUST(status == 400 || status == 431 || status == 501 || status == 505);
	MUST(r->h.reason && *r->h.reason);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run whole = parse(data, size, size, 1);
	size_t cuts[] = { 0, size / 2, size > 0 ? data[size - 1] % size : 0 };

	if (whole.result == HTTP_DONE)
		check_done(&whole);
	if (whole.result == HTTP_BAD)
		check_bad(&whole);
	if (whole.result == HTTP_MORE)
		MUST(size < LIMIT);
	for (size_t i = 0; i < sizeof(cuts) / sizeof(*cuts); i++) {
		struct run other = parse(data, size, cuts[i], i == 0 ? 1 : size + 1);

		must_be_same(&whole, &other);
		free(other.data);
	}
	free(whole.data);
	return 0;
}
