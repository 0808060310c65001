/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes framing_encode(): what is written for a client's messages is decoded to the same
 * messages, wherever their framing can tell them apart.
 *
 * Input: one byte of settings (see conf_of()), then messages: a byte of length each, and
 * so many bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "framing.h"

#define MUST(holds) ((holds) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct framing_conf conf_of(uint8_t settings)
{
	return (struct framing_conf){
		.kind = settings % (FRAMING_U32BE + 1),
		.embedded = EMBEDDED_PASS + (settings >> 3) % 3,
		.type = OP_BINARY,
		.ends_text = settings & 0x80,
	};
}

/* What the backend gets, and what is written down of it. */
struct backend {
	const struct framing_conf *conf;
	struct buf got;
	struct buf payloads;
	size_t count, sizes[256];
	bool told_apart; /* each message so far can be told from the next */
};

static void append(struct buf *b, const void *p, size_t n)
{
	MUST(buf_append(b, p, n, SIZE_MAX) == 0);
}

/* Is a message of the N bytes at P one again when it is read? */
static bool is_kept(const struct framing_conf *conf, const char *p, size_t n)
{
	const struct framing_traits *kind = framing_traits(conf->kind);

	if (kind->measured)
		return !conf->ends_text;
	if (!kind->separated || memchr(p, framing_separator(conf->kind), n))
		return false;
	return conf->kind == FRAMING_LINE ? n == 0 || p[n - 1] != '\r' : !conf->ends_text;
}

static void message(struct backend *b, const uint8_t *data, size_t n)
{
	char *p = malloc(n + 1);
	struct framing_ends ends;

	MUST(p);
	memcpy(p, data, n);
	if (framing_encode(b->conf, OP_TEXT, true, p, n, &ends)) {
		append(&b->got, ends.head, ends.head_n);
		append(&b->got, p, n);
		append(&b->got, ends.tail.p, ends.tail.n);
		append(&b->payloads, p, n);
		b->told_apart &= is_kept(b->conf, p, n);
		b->sizes[b->count++] = n;
	} else {
		MUST(b->conf->embedded == EMBEDDED_REFUSE);
		MUST(memcmp(p, data, n) == 0);
	}
	free(p);
}

/* All that the backend got, read at once. */
static void read_back(struct backend *b)
{
	struct span in = { buf_head(&b->got), buf_len(&b->got) };
	const char *reason;
	size_t at = 0;
	struct framing f;
	struct piece piece;

	MUST(framing_init(&f, b->conf) == 0);
	for (size_t i = 0; i < b->count; i++) {
		MUST(framing_decode(&f, &in, false, &piece, &reason) == FRAMING_PIECE);
		MUST(piece.last && piece.n == b->sizes[i]);
		if (piece.n > 0)
			MUST(memcmp(piece.p, buf_head(&b->payloads) + at, piece.n) == 0);
		at += piece.n;
	}
	MUST(framing_decode(&f, &in, true, &piece, &reason) == FRAMING_MORE);
	framing_free(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct framing_conf conf;
	struct backend b = { .conf = &conf, .told_apart = true };

	if (size < 1)
		return 0;
	conf = conf_of(data[0]);
	for (size_t at = 1; at < size && b.count < 256;) {
		size_t n = data[at++];

		if (n > size - at)
			n = size - at;
		message(&b, data + at, n);
		at += n;
	}
	if (b.told_apart && b.count > 0)
		read_back(&b);
	buf_free(&b.got);
	buf_free(&b.payloads);
	return 0;
}
