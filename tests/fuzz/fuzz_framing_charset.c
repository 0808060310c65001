/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes framing.c where the backend's text has another charset: however its bytes are
 * cut into reads, the messages are the same, and UTF-8.
 *
 * Input: one byte of framing and charset, then as framing_reads.h has it; the filler is
 * one of shifts to ASCII, of which nothing is told.
 */
#include "framing_reads.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const charsets[] = { "28591", "932", "ISO-2022-JP", "UTF-16LE" };

/* The same bytes in the cuts of another HEAD say the same. */
static void compare(const struct received *a, const struct received *b, bool raw)
{
	MUST(a->bad == b->bad);
	if (a->bad)
		return;
	MUST(a->n == b->n && memcmp(a->bytes, b->bytes, a->n) == 0);
	MUST(raw || a->count == b->count);
	for (size_t i = 0; i < a->count && !raw; i++)
		MUST(a->messages[i].n == b->messages[i].n);
}

/* The text of an input, after the filler if it asks for that.  Yours. */
static uint8_t *shifted_text(const uint8_t *data, size_t *size, bool filler)
{
	static const char shift[] = { 0x1B, '(', 'B' };
	size_t pad = filler ? (FRAMING_HELD_MAX / sizeof(shift) + 1) * sizeof(shift) : 0;
	uint8_t *text = malloc(pad + *size + 1);

	MUST(text);
	for (size_t i = 0; i < pad; i++)
		text[i] = (uint8_t)shift[i % sizeof(shift)];
	memcpy(text + pad, data, *size);
	*size += pad;
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *text, head[FRAMING_READS_HEAD],
		other[FRAMING_READS_HEAD] = { 0, 0, 7, 1 };
	struct framing_conf conf;
	struct received a, b;
	bool filler;

	if (size < 1 + FRAMING_READS_HEAD)
		return 0;
	memcpy(head, data + 1, sizeof(head));
	head[0] &= 0x23; /* text, no filler */
	conf = conf_of(data[0] % (FRAMING_U32BE + 1), head);
	conf.charset = (char *)charsets[(data[0] >> 3) % 4];
	conf.charset_error = data[0] & 0x80 ? CHARSET_CLOSE : CHARSET_REPLACE;
	filler = data[0] & 0x40;
	data += 1 + sizeof(head);
	size -= 1 + sizeof(head);
	text = shifted_text(data, &size, filler);
	a = receive(&conf, head, text, size);
	b = receive(&conf, other, text, size);
	free(text);
	compare(&a, &b, conf.kind == FRAMING_RAW);
	received_free(&a);
	received_free(&b);
	return 0;
}
