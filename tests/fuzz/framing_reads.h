/* SPDX-License-Identifier: MIT */
/*
 * framing_reads.h - a backend's bytes in reads that the fuzzer cuts, and the messages
 * that framing.c makes of them.
 *
 * The first FRAMING_READS_HEAD bytes of an input are: the settings (see conf_of()), how
 * much shorter than FRAMING_HELD_MAX the filler before the text is, two that the sizes of
 * the reads come from.
 */
#ifndef FUZZ_FRAMING_READS_H
#define FUZZ_FRAMING_READS_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "framing.h"

#define MUST(holds) ((holds) ? (void)0 : abort())
#define FRAMING_READS_HEAD 4

struct message {
	enum opcode opcode;
	size_t at, n; /* in bytes */
};

struct received {
	uint8_t *bytes; /* all payloads */
	size_t n;
	struct message *messages;
	size_t count; /* of whole messages */
	bool open, bad;
	size_t read, wire;
	size_t expansion; /* wire to read, at most */
};

/* UTF-8 of the whole is the oracle: fuzz_utf8.c holds utf8.c itself against a reference.
 */
static inline bool is_utf8(const uint8_t *p, size_t n)
{
	struct utf8 u = { 0 };

	return utf8_check(&u, (const char *)p, n) == n && utf8_complete(&u);
}

/* The N bytes at P, repaired.  Yours. */
static inline uint8_t *repair_of(const uint8_t *p, size_t n, size_t *ret_n)
{
	char *out = malloc(UTF8_REPAIRED_MAX(n)), tail[3];
	uint8_t tail_n = 0;

	MUST(out);
	*ret_n = utf8_repair(tail, &tail_n, (const char *)p, n, true, out);
	return (uint8_t *)out;
}

static inline struct framing_conf conf_of(enum framing_kind kind, const uint8_t *head)
{
	return (struct framing_conf){
		.kind = kind,
		.type = head[0] & 0x04 ? OP_BINARY : OP_TEXT,
		.invalid = (head[0] & 0x03) % 3,
	};
}

static inline size_t filler_of(const uint8_t *head)
{
	return head[0] & 0x08 ? FRAMING_HELD_MAX - head[1] % 128 : 0;
}

/* The text of an input, after the filler if it asks for that.  Yours. */
static inline uint8_t *text_of(const uint8_t *data, size_t size, size_t *ret_n)
{
	const char *filler = data[0] & 0x10 ? "\xE2\x82\xAC" : "xyz";
	size_t pad = filler_of(data);
	uint8_t *text;

	*ret_n = pad + size - FRAMING_READS_HEAD;
	text = malloc(*ret_n + 1);
	MUST(text);
	for (size_t i = 0; i < pad; i++)
		text[i] = (uint8_t)filler[i % 3];
	memcpy(text + pad, data + FRAMING_READS_HEAD, size - FRAMING_READS_HEAD);
	return text;
}

/* A size of the next read: mostly small, sometimes one that takes all; LEFT of the
 * filler, which would take most of the time otherwise, go by in large ones. */
static inline size_t next_read(uint32_t *seed, size_t left)
{
	static const uint32_t most[] = { 1, 4, 4, 64, 64, 4096, 65536, 70000 };
	size_t size;

	*seed = *seed * 1664525 + 1013904223;
	size = 1 + (*seed >> 11) % most[*seed >> 29];
	return size < left / 2 ? left / 2 : size;
}

static inline void on_piece(struct received *to, const struct piece *p, bool text)
{
	char header[FRAME_SERVER_HEADER_MAX];
	struct message *m = &to->messages[to->count];

	MUST((p->opcode == OP_CONTINUATION) == to->open);
	if (!to->open)
		*m = (struct message){ .opcode = p->opcode, .at = to->n };
	if (text && m->opcode == OP_TEXT)
		MUST(is_utf8((const uint8_t *)p->p, p->n));
	if (p->n > 0)
		memcpy(to->bytes + to->n, p->p, p->n);
	to->n += p->n;
	m->n += p->n;
	to->open = !p->last;
	to->count += p->last;
	to->wire += frame_encode(header, p->opcode, p->last, p->n) + p->n;
	MUST(to->wire <= to->expansion * to->read);
}

static inline void read_one(struct received *to, struct framing *f, const uint8_t *p,
			    size_t n, bool eof)
{
	char *chunk = malloc(n + 1); /* of its own, so that the sanitizer sees its end */
	struct span in = { chunk, n };
	enum framing_result r;
	struct piece piece;
	const char *reason = NULL;

	MUST(chunk);
	memcpy(chunk, p, n);
	to->read += n;
	while ((r = framing_decode(f, &in, eof, &piece, &reason)) == FRAMING_PIECE)
		on_piece(to, &piece, f->conf->type == OP_TEXT);
	to->bad = r == FRAMING_BAD;
	MUST(to->bad ? reason != NULL : in.n == 0);
	MUST(buf_len(&f->held) <= FRAMING_HELD_MAX && !f->repaired);
	free(chunk);
}

/* Read all N bytes at P.  received_free() it. */
static inline struct received receive(const struct framing_conf *conf,
				      const uint8_t *head, const uint8_t *p, size_t n)
{
	size_t expansion = conf->charset ? FRAMING_CHARSET_EXPANSION : FRAMING_EXPANSION;
	struct received to = { .bytes = malloc(expansion * n + 1),
			       .expansion = expansion };
	uint32_t seed = head[2] | (uint32_t)head[3] << 8;
	bool eof_alone = head[0] & 0x20;
	size_t at = 0, filler = filler_of(head);
	struct framing f;

	to.messages = malloc((n + 2) * sizeof(*to.messages));
	MUST(to.bytes && to.messages);
	MUST(framing_init(&f, conf) == 0);
	while (at < n && !to.bad) {
		size_t size = next_read(&seed, at < filler ? filler - at : 0);

		if (size > n - at)
			size = n - at;
		read_one(&to, &f, p + at, size, at + size == n && !eof_alone);
		at += size;
	}
	if (!to.bad)
		read_one(&to, &f, p, 0, true);
	MUST(to.bad || (!to.open && !f.held.store));
	framing_free(&f);
	return to;
}

/* The N bytes at P are why the policy `close` gives up. */
static inline bool closes(const struct framing_conf *conf, const uint8_t *p, size_t n)
{
	return conf->type == OP_TEXT && conf->invalid == INVALID_CLOSE && !is_utf8(p, n);
}

/* The I-th message received is that of the N bytes at P. */
static inline void check_message(const struct received *r, size_t i,
				 const struct framing_conf *conf, const uint8_t *p,
				 size_t n)
{
	const struct message *m = &r->messages[i];
	bool valid = conf->type == OP_BINARY || is_utf8(p, n);
	size_t fixed_n;
	uint8_t *fixed;

	MUST(i < r->count);
	if (valid || (conf->invalid == INVALID_BINARY && n <= FRAMING_HELD_MAX)) {
		MUST(m->opcode == (valid ? conf->type : OP_BINARY));
		MUST(m->n == n && memcmp(r->bytes + m->at, p, n) == 0);
		return;
	}
	fixed = repair_of(p, n, &fixed_n);
	MUST(m->opcode == OP_TEXT);
	MUST(m->n == fixed_n && memcmp(r->bytes + m->at, fixed, fixed_n) == 0);
	free(fixed);
}

static inline void received_free(struct received *r)
{
	free(r->bytes);
	free(r->messages);
}

#endif
