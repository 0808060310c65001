/* SPDX-License-Identifier: MIT */
/* Fuzzes framing_raw.c: whatever the reads, the messages side by side are what was
 * written. */
#include "framing_reads.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was received before the policy `close` gave up is the valid beginning of the text.
 */
static void check_closed(const struct received *r, const uint8_t *text, size_t n)
{
	struct utf8 u = { 0 };
	size_t valid = utf8_check(&u, (const char *)text, n);

	MUST(r->bad == !is_utf8(text, n));
	MUST(r->n <= valid && (r->bad || r->n == n));
	MUST(memcmp(r->bytes, text, r->n) == 0);
}

static void check_repaired(const struct received *r, const uint8_t *text, size_t n)
{
	size_t fixed_n;
	uint8_t *fixed = repair_of(text, n, &fixed_n);

	MUST(!r->bad && r->n == fixed_n && memcmp(r->bytes, fixed, fixed_n) == 0);
	free(fixed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct framing_conf conf;
	struct received r;
	uint8_t *text;
	size_t n;

	if (size < FRAMING_READS_HEAD)
		return 0;
	conf = conf_of(FRAMING_RAW, data);
	text = text_of(data, size, &n);
	r = receive(&conf, data, text, n);
	if (conf.type == OP_BINARY || conf.invalid == INVALID_BINARY)
		MUST(!r.bad && r.n == n && memcmp(r.bytes, text, n) == 0);
	else if (conf.invalid == INVALID_CLOSE)
		check_closed(&r, text, n);
	else
		check_repaired(&r, text, n);
	for (size_t i = 0; i < r.count; i++)
		MUST(r.messages[i].n > 0);
	received_free(&r);
	free(text);
	return 0;
}
