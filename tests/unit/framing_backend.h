/* SPDX-License-Identifier: MIT */
/* framing_backend.h - a backend whose bytes are read in every way, and the messages that
 * its client gets. */
#ifndef UNIT_FRAMING_BACKEND_H
#define UNIT_FRAMING_BACKEND_H

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "framing.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* ---- a backend that is read, and what the client gets ---- */

/* Everything that came out, as text: T[payload] B[payload] for messages, ! for
 * FRAMING_BAD; of raw, where messages depend on the reads, the payloads alone. */
struct backend {
	struct framing f;
	struct framing_conf conf;
	struct buf out;
	size_t read, wire; /* bytes in; bytes of payload and of frame headers out */
	bool open, bad, fragmented;
	const char *reason; /* of bad */
	size_t messages, frames, transients;
};

static inline void out(struct backend *b, const char *p, size_t n)
{
	assert_int_equal(buf_append(&b->out, p, n, SIZE_MAX), 0);
}

static inline void begin(struct backend *b, const struct framing_conf *conf)
{
	*b = (struct backend){ .conf = *conf };
	assert_int_equal(framing_init(&b->f, &b->conf), 0);
}

static inline void end(struct backend *b)
{
	framing_free(&b->f);
	buf_free(&b->out);
}

static inline bool is_utf8(const char *p, size_t n)
{
	struct utf8 u = { 0 };

	return utf8_check(&u, p, n) == n && utf8_complete(&u);
}

static inline size_t expansion(const struct backend *b)
{
	return b->conf.charset ? FRAMING_CHARSET_EXPANSION : FRAMING_EXPANSION;
}

/* One piece: in order, where it is said to be, and within the promised ratio. */
static inline void on_piece(struct backend *b, const struct piece *p, const char *chunk,
			    size_t n)
{
	char header[FRAME_SERVER_HEADER_MAX];
	bool in_chunk = p->p >= chunk && p->p + p->n <= chunk + n;
	bool text = b->conf.type == OP_TEXT;
	struct span bytes = { p->p, p->n };

	if (b->open)
		assert_int_equal(p->opcode, OP_CONTINUATION);
	else
		assert_true(p->opcode == OP_BINARY || (text && p->opcode == OP_TEXT));
	if (p->opcode == OP_TEXT || (p->opcode == OP_CONTINUATION && text))
		assert_true(is_utf8(p->p, p->n));
	assert_true(p->transient || in_chunk || p->n == 0 || span_is(bytes, SPAN("\r")));
	if (b->conf.kind != FRAMING_RAW && !b->open)
		out(b, p->opcode == OP_TEXT ? "T[" : "B[", 2);
	out(b, p->p, p->n);
	if (b->conf.kind != FRAMING_RAW && p->last)
		out(b, "]", 1);
	b->open = !p->last;
	b->fragmented |= !p->last;
	b->messages += p->last;
	b->frames++;
	b->transients += p->transient;
	b->wire += frame_encode(header, p->opcode, p->last, p->n) + p->n;
	assert_true(b->wire <= expansion(b) * b->read);
}

/* What is held stays within its bounds, and is gone when there is nothing to hold. */
static inline void check_memory(const struct backend *b, size_t n, bool more)
{
	const struct framing *f = &b->f;
	size_t most = n > FRAMING_HELD_MAX ? n : FRAMING_HELD_MAX;

	assert_true(buf_len(&f->held) <= FRAMING_HELD_MAX);
	assert_true(buf_cap(&f->held) <= FRAMING_HELD_MAX / 10 * 11 + 4096);
	assert_true(malloc_usable_size(f->repaired) <= UTF8_REPAIRED_MAX(most) + 8192);
	if (more)
		assert_null(f->repaired);
	if (more && f->streaming)
		assert_null(f->held.store);
}

/* One read of N bytes at P, in storage of its own that is gone afterwards. */
static inline void feed(struct backend *b, const char *p, size_t n, bool eof)
{
	char *chunk = malloc(n ? n : 1);
	struct span in = { n ? memcpy(chunk, p, n) : NULL, n };
	size_t before = b->wire;
	enum framing_result r;
	const char *reason = NULL;
	struct piece piece;

	b->read += n;
	if (b->bad)
		goto done;
	while ((r = framing_decode(&b->f, &in, eof, &piece, &reason)) == FRAMING_PIECE) {
		on_piece(b, &piece, chunk, n);
		check_memory(b, n, false);
	}
	check_memory(b, n, true);
	if (r == FRAMING_BAD) {
		assert_non_null(strstr(reason, "program "));
		b->bad = true;
		b->reason = reason;
		out(b, "!", 1);
	} else {
		assert_int_equal(in.n, 0);
		assert_null(reason);
	}
	assert_true(b->wire - before <=
		    expansion(b) * n + 3 * FRAMING_HELD_MAX + FRAME_SERVER_HEADER_MAX);
done:
	free(chunk);
}

/* The last call of a stream leaves nothing, and a second one says nothing. */
static inline void feed_eof(struct backend *b)
{
	size_t length;

	feed(b, NULL, 0, true);
	length = buf_len(&b->out);
	feed(b, NULL, 0, true);
	assert_int_equal(buf_len(&b->out), length);
	assert_true(b->bad || (!b->open && !b->f.held.store));
}

/* ---- tables of {bytes, messages} ---- */

struct row {
	struct framing_conf conf;
	struct span in, out;
};

/* clang-format off */
#define S(literal) { literal, sizeof(literal) - 1 }
#define LINE_TEXT(how) { .kind = FRAMING_LINE, .type = OP_TEXT, .invalid = how }
#define LINE_BINARY { .kind = FRAMING_LINE, .type = OP_BINARY }
#define NUL_TEXT(how) { .kind = FRAMING_NUL, .type = OP_TEXT, .invalid = how }
#define NUL_BINARY { .kind = FRAMING_NUL, .type = OP_BINARY }
#define RAW_TEXT(how) { .kind = FRAMING_RAW, .type = OP_TEXT, .invalid = how }
#define RAW_BINARY { .kind = FRAMING_RAW, .type = OP_BINARY }
/* clang-format on */
#define FFFD "\xEF\xBF\xBD"

static inline void expect(struct backend *b, const struct row *row, const char *how,
			  size_t cut)
{
	size_t n = buf_len(&b->out);

	if (n != row->out.n || (n > 0 && memcmp(buf_head(&b->out), row->out.p, n) != 0))
		fail_msg("%.*s read %s %zu: %.*s, not %.*s", (int)row->in.n, row->in.p,
			 how, cut, (int)n, n ? buf_head(&b->out) : "", (int)row->out.n,
			 row->out.p);
}

/* Read the row in two or three parts; the last tells EOF itself, or a read of 0 does. */
static inline void check_cut(const struct row *row, size_t cut, size_t cut2, bool eof)
{
	struct backend b;
	const char *p = row->in.p;

	begin(&b, &row->conf);
	feed(&b, p, cut, false);
	if (cut2 > cut)
		feed(&b, p + cut, cut2 - cut, false);
	feed(&b, p + cut2, row->in.n - cut2, eof);
	feed_eof(&b);
	expect(&b, row, "cut at", cut);
	end(&b);
}

static inline void check_bytes(const struct row *row)
{
	struct backend b;

	begin(&b, &row->conf);
	for (size_t i = 0; i < row->in.n; i++)
		feed(&b, row->in.p + i, 1, false);
	feed_eof(&b);
	expect(&b, row, "by", 1);
	end(&b);
}

static inline void check_rows(const struct row *rows, size_t n)
{
	for (const struct row *row = rows; row < rows + n; row++) {
		check_bytes(row);
		for (size_t cut = 0; cut <= row->in.n; cut++)
			for (size_t cut2 = cut; cut2 <= row->in.n; cut2++) {
				check_cut(row, cut, cut2, false);
				check_cut(row, cut, cut2, true);
			}
	}
}

enum { K64 = 64 * 1024, MEG = 1024 * 1024 };

/* A message in the words of struct backend.  Yours. */
static inline struct span message(char type, const char *p, size_t n)
{
	char *text = malloc(n + 3);

	text[0] = type;
	text[1] = '[';
	memcpy(text + 2, p, n);
	text[2 + n] = ']';
	return (struct span){ text, n + 3 };
}

/* Read FIRST bytes, then STEP at a time; the last tells EOF itself, or one of 0 does. */
static inline void check_step(const struct row *row, size_t first, size_t step, bool eof)
{
	struct backend b;
	size_t at = first;

	begin(&b, &row->conf);
	feed(&b, row->in.p, first, false);
	for (; row->in.n - at > step; at += step)
		feed(&b, row->in.p + at, step, false);
	feed(&b, row->in.p + at, row->in.n - at, eof);
	feed_eof(&b);
	if (!span_is((struct span){ buf_head(&b.out), buf_len(&b.out) }, row->out))
		fail_msg("a line of %zu read in %zu, then by %zu: %zu bytes, not %zu",
			 row->in.n, first, step, buf_len(&b.out), row->out.n);
	end(&b);
}

/* Read it in steps of many sizes, and in two around every border. */
static inline void check_long(const struct row *row)
{
	static const size_t steps[] = { 4096, 4097, K64 - 1, K64, K64 + 1, 3 * MEG };

	for (int eof = 0; eof < 2; eof++) {
		for (size_t i = 0; i < COUNT(steps); i++)
			check_step(row, 0, steps[i], eof);
		for (size_t i = K64 - 5; i <= K64 + 5 && i <= row->in.n; i++)
			check_step(row, i, row->in.n, eof);
		for (size_t i = 0; i <= 5 && i <= row->in.n; i++) {
			check_step(row, i, K64, eof);
			check_step(row, row->in.n - i, 1, eof);
			check_step(row, row->in.n - i, 2, eof);
		}
	}
}

#endif
