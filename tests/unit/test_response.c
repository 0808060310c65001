/* SPDX-License-Identifier: MIT */
/* Tests response.c: which heads are taken, whole and however they are cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "response.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define ROWS(table) (sizeof(table) / sizeof(*(table)))
#define LIMIT 200

static const struct {
	const char *bytes;
	const char *want; /* see describe() */
} rows[] = {
	{ "", "more" },
	{ "HTTP/1", "more" },
	{ "HTTP/1.1 101 Switching Protocols\r\nA: b\r\n", "more" },
	{ "HTTP/1.1 101 Switching Protocols\r\nA: b\r\n\r\nrest",
	  "101.1 Switching Protocols|A=b size 42" },
	{ "HTTP/1.0 200 OK\r\n\r\n", "200.0 OK size 19" },
	{ "HTTP/1.1 404\r\n\r\n", "404.1  size 16" },
	{ "HTTP/1.1 404 \r\n\r\n", "404.1  size 17" },
	{ "HTTP/1.1 599 a b\r\nX:\r\nY: \t c d \t\r\n\r\n",
	  "599.1 a b|X=|Y=c d size 36" },
	{ "HTTP/2 200\r\n", "the answer is not HTTP/1.1" },
	{ "SSH-2.0-OpenSSH", "the answer is not HTTP/1.1" },
	{ "h", "the answer is not HTTP/1.1" },
	{ "HTTP/1.1 099 x\r\n", "the answer's first line is no status line" },
	{ "HTTP/1.1 600 x\r\n", "the answer's first line is no status line" },
	{ "HTTP/1.1 20\r\n", "the answer's first line is no status line" },
	{ "HTTP/1.1 2000\r\n", "the answer's first line is no status line" },
	{ "HTTP/1.x 200\r\n", "the answer's first line is no status line" },
	{ "HTTP/1.1  200\r\n", "the answer's first line is no status line" },
	{ "HTTP/1.1 200 OK\n", "a bare LF in the answer's head" },
	{ "HTTP/1.1 200 OK\r\n\n", "a bare LF in the answer's head" },
	{ "HTTP/1.1 200 OK\rA: b\r\n", "a control byte in the answer's head" },
	{ "HTTP/1.1 200 O\x1b[K\r\n", "a control byte in the answer's head" },
	{ "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n",
	  "a line of the answer's head is no field" },
	{ "HTTP/1.1 200 OK\r\nA : b\r\n", "a line of the answer's head is no field" },
	{ "HTTP/1.1 200 OK\r\n: b\r\n", "a line of the answer's head is no field" },
	{ "HTTP/1.1 200 OK\r\nA\r\n", "a line of the answer's head is no field" },
};

/* "more", what is wrong, or "STATUS.MINOR PHRASE|NAME=VALUE... size N". */
static void describe(const struct response *r, enum http_parse parsed, const char *data,
		     char *out, size_t cap)
{
	size_t n;

	if (parsed != HTTP_DONE) {
		snprintf(out, cap, "%s", parsed == HTTP_MORE ? "more" : r->head.reason);
		return;
	}
	n = (size_t)snprintf(out, cap, "%d.%d %.*s", r->status, r->head.minor,
			     (int)r->phrase.n, data + r->phrase.at);
	for (unsigned i = 0; i < r->head.nfields; i++) {
		struct span name = http_span(data, r->head.fields[i].name);
		struct span value = http_span(data, r->head.fields[i].value);

		n += (size_t)snprintf(out + n, cap - n, "|%.*s=%.*s", (int)name.n, name.p,
				      (int)value.n, value.p);
	}
	snprintf(out + n, cap - n, " size %zu", r->head.size);
}

TEST(heads_mean_the_same_whole_and_byte_by_byte)
{
	for (size_t i = 0; i < ROWS(rows); i++) {
		for (size_t step = 1; step < 2 * LIMIT; step += LIMIT) {
			size_t n = 0, size = strlen(rows[i].bytes);
			enum http_parse parsed = HTTP_MORE;
			struct response r;
			char got[400];

			response_init(&r, LIMIT);
			while (parsed == HTTP_MORE && n < size) {
				n = n + step < size ? n + step : size;
				parsed = response_parse(&r, rows[i].bytes, n);
			}
			describe(&r, parsed, rows[i].bytes, got, sizeof(got));
			assert_string_equal(got, rows[i].want);
			assert_int_equal(response_parse(&r, rows[i].bytes, n), parsed);
		}
	}
}

TEST(an_endless_head_is_refused_at_its_limit)
{
	char data[LIMIT + 1] = "HTTP/1.1 200 ";
	struct response r;

	memset(data + 13, 'x', sizeof(data) - 13);
	response_init(&r, LIMIT);
	assert_int_equal(response_parse(&r, data, LIMIT - 1), HTTP_MORE);
	assert_int_equal(response_parse(&r, data, LIMIT), HTTP_BAD);
	assert_string_equal(r.head.reason, "the answer's head is too large");
}

TEST(more_than_64_fields_are_refused)
{
	char data[1024] = "HTTP/1.1 200 OK\r\n";
	struct response r;

	for (int i = 0; i < 64; i++)
		strcat(data, "a: b\r\n");
	response_init(&r, sizeof(data));
	assert_int_equal(response_parse(&r, data, strlen(data)), HTTP_MORE);
	strcat(data, "a: b\r\n");
	assert_int_equal(response_parse(&r, data, strlen(data)), HTTP_BAD);
	assert_string_equal(r.head.reason, "the answer has more than 64 header fields");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_mean_the_same_whole_and_byte_by_byte),
		cmocka_unit_test(an_endless_head_is_refused_at_its_limit),
		cmocka_unit_test(more_than_64_fields_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
