/* SPDX-License-Identifier: MIT */
/*
 * Runs handshake vectors through the head's parser and the handshake, however their bytes
 * are cut, and prints TAP.
 *
 * Each vector runs in one piece, byte by byte, and cut in two at every offset; for each
 * call the bytes are in new memory of exactly their size.
 *
 * usage: run_handshake FILE...
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "handshake.h"
#include "handshake_vector.h"

/* What became of a vector: words, each with a blank before and after it. */
struct told {
	char text[2048];
};

/* How the bytes are cut: FIRST bytes in one piece, what remains STEP at a time. */
struct cutting {
	size_t first, step;
};

__attribute__((format(printf, 2, 3))) static void tell(struct told *told,
						       const char *format, ...)
{
	size_t n = strlen(told->text);
	va_list args;

	va_start(args, format);
	vsnprintf(told->text + n, sizeof(told->text) - n, format, args);
	va_end(args);
}

static void tell_span(struct told *told, const char *name, struct span s, bool there)
{
	tell(told, "%s=%.*s ", name, there ? (int)s.n : 1, there ? s.p : "-");
}

static void tell_target(struct told *told, const struct http *h, const char *data,
			size_t n)
{
	tell_span(told, "path", http_span(data, h->path), true);
	tell_span(told, "query", http_span(data, h->query), h->has_query);
	tell_span(told, "host", http_span(data, h->host), h->host.n > 0);
	tell(told, "rest=%zu ", n - h->size);
}

/* Tell the value of the field NAME of our answer. */
static void tell_answer(struct told *told, const char *word, const char *answer,
			const char *name)
{
	const char *field = strstr(answer, name);
	const char *value = field ? field + strlen(name) : "-\r";

	tell_span(told, word, (struct span){ value, strcspn(value, "\r") }, true);
}

static void tell_decision(struct told *told, const struct handshake_vector *v,
			  const struct http *h, const char *data)
{
	const char *reason;
	struct handshake hs;
	char answer[512];
	int status;

	switch (handshake_check(h, data, (const char *const *)v->server, &hs, &status,
				&reason)) {
	case HANDSHAKE_NONE:
		tell(told, " http ");
		break;
	case HANDSHAKE_OK:
		if (handshake_answer(&hs, answer, sizeof(answer)) == 0)
			abort();
		tell(told, " 101 ");
		tell_answer(told, "accept", answer, "\r\nSec-WebSocket-Accept: ");
		tell_answer(told, "subprotocol", answer, "\r\nSec-WebSocket-Protocol: ");
		break;
	case HANDSHAKE_BAD:
		tell(told, " %d ", status);
		return;
	}
	tell_target(told, h, data, buf_len(&v->bytes));
}

/* New memory of N bytes instead of DATA: its HAD bytes, then those of ALL. */
static char *moved(char *data, size_t had, const char *all, size_t n)
{
	char *to = malloc(n + (n == 0));

	if (!to)
		abort();
	if (had > 0)
		memcpy(to, data, had);
	if (n > had)
		memcpy(to + had, all + had, n - had);
	free(data);
	return to;
}

static void run(const struct handshake_vector *v, struct cutting cut, struct told *told)
{
	size_t size = buf_len(&v->bytes), n = cut.first, had = 0;
	enum http_parse result = HTTP_MORE;
	char *data = NULL;
	struct http h;

	http_init(&h, v->limit);
	for (;; n += cut.step) {
		n = n < size ? n : size;
		data = moved(data, had, buf_head(&v->bytes), n);
		had = n;
		result = http_parse(&h, data, n);
		if (result != HTTP_MORE || n == size)
			break;
	}
	told->text[0] = 0;
	if (result == HTTP_MORE)
		tell(told, " more ");
	else if (result == HTTP_BAD)
		tell(told, " %d ", h.status);
	else
		tell_decision(told, v, &h, data);
	free(data);
}

/* Are all words that V expects among those that are TOLD? */
static bool as_expected(const struct handshake_vector *v, const struct told *told)
{
	for (char **word = v->expect; *word; word++) {
		char blanks[512];

		snprintf(blanks, sizeof(blanks), " %s ", *word);
		if (!strstr(told->text, blanks))
			return false;
	}
	return v->expect[0] != NULL;
}

static bool passes(const struct handshake_vector *v, struct cutting cut)
{
	struct told told;

	run(v, cut, &told);
	if (as_expected(v, &told))
		return true;
	printf("# %s:%u: cut after %zu, then every %zu bytes\n#   told    %s\n#   expected",
	       v->file, v->line, cut.first, cut.step, told.text);
	for (char **word = v->expect; *word; word++)
		printf(" %s", *word);
	printf("\n");
	return false;
}

static bool passes_any_way(const struct handshake_vector *v)
{
	size_t size = buf_len(&v->bytes);

	if (!passes(v, (struct cutting){ size, 1 }) ||
	    !passes(v, (struct cutting){ 0, 1 }))
		return false;
	for (size_t cut = 1; cut < size; cut++)
		if (!passes(v, (struct cutting){ cut, size }))
			return false;
	return true;
}

int main(int argc, char **argv)
{
	struct handshake_vectors all = { 0 };
	size_t failed = 0;

	for (int i = 1; i < argc; i++)
		handshake_vectors_read(&all, argv[i]);
	printf("1..%zu\n", all.n);
	for (size_t i = 0; i < all.n; i++) {
		bool good = passes_any_way(&all.v[i]);

		printf("%s %zu - %s\n", good ? "ok" : "not ok", i + 1, all.v[i].name);
		failed += !good;
	}
	handshake_vectors_free(&all);
	return failed > 0 || argc < 2;
}
