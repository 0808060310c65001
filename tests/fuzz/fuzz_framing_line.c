/* SPDX-License-Identifier: MIT */
/* Fuzzes framing_separated.c with frame = line: whatever the reads, the messages are
 * those of a naive look at the whole. */
#include "framing_reads.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The I-th message received is the line of N bytes at P, which ended in LF or not. */
static void check_line(const struct received *r, size_t i,
		       const struct framing_conf *conf, const uint8_t *p, size_t n,
		       bool lf)
{
	const struct message *m = &r->messages[i];
	bool held = n <= FRAMING_HELD_MAX, valid;

	MUST(i < r->count);
	if (lf && n > 0 && p[n - 1] == '\r')
		n--;
	valid = conf->type == OP_BINARY || is_utf8(p, n);
	if (valid || (conf->invalid == INVALID_BINARY && held)) {
		MUST(m->opcode == (valid ? conf->type : OP_BINARY));
		MUST(m->n == n && memcmp(r->bytes + m->at, p, n) == 0);
	} else {
		size_t fixed_n;
		uint8_t *fixed = repair_of(p, n, &fixed_n);

		MUST(conf->invalid != INVALID_CLOSE && m->opcode == OP_TEXT);
		MUST(m->n == fixed_n && memcmp(r->bytes + m->at, fixed, fixed_n) == 0);
		free(fixed);
	}
}

/* The line at P is why the policy `close` gave up after the messages received. */
static bool breaks(const struct framing_conf *conf, const uint8_t *p, size_t n, bool lf)
{
	if (lf && n > 0 && p[n - 1] == '\r')
		n--;
	return conf->type == OP_TEXT && conf->invalid == INVALID_CLOSE && !is_utf8(p, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct framing_conf conf;
	struct received r;
	uint8_t *text;
	size_t n, at = 0, lines = 0;
	bool broken = false;

	if (size < FRAMING_READS_HEAD)
		return 0;
	conf = conf_of(FRAMING_LINE, data);
	text = text_of(data, size, &n);
	r = receive(&conf, data, text, n);
	while (at < n && !broken) {
		uint8_t *lf = memchr(text + at, '\n', n - at);
		size_t length = lf ? (size_t)(lf - text) - at : n - at;

		broken = breaks(&conf, text + at, length, lf);
		if (!broken)
			check_line(&r, lines++, &conf, text + at, length, lf);
		at += length + 1;
	}
	MUST(r.bad == broken && r.count == lines);
	received_free(&r);
	free(text);
	return 0;
}
