/* SPDX-License-Identifier: MIT */
/* framing_measured.h - messages with their length before them against a naive look at the
 * whole. */
#ifndef FUZZ_FRAMING_MEASURED_H
#define FUZZ_FRAMING_MEASURED_H

#include "framing_reads.h"

#define MEASURED_MAX 70000 /* bytes of a message */
#define FILLER 65600       /* bytes of a message before the text: more than is held */
#define SPAN_OF(array) ((struct span){ array, sizeof(array) - 1 })

struct payload {
	const uint8_t *p;
	size_t n;
};

/* The size of the message that the N bytes at P begin with, and what is in it; 0: it is
 * broken, and the size that it claims does not matter. */
typedef size_t naive_reader(const uint8_t *p, size_t n, struct payload *ret);

/* The bytes of an input, after a message of FILLER bytes if it asks for that.  Yours. */
static inline uint8_t *measured_text(const uint8_t *data, size_t size, struct span before,
				     struct span after, size_t *ret_n)
{
	size_t rest = size - FRAMING_READS_HEAD, at = 0;
	uint8_t *text = malloc(FILLER + 16 + rest);

	MUST(text);
	if (data[0] & 0x08) {
		memcpy(text, before.p, before.n);
		memset(text + before.n, data[0] & 0x10 ? 0xE9 : 'x', FILLER);
		memcpy(text + before.n + FILLER, after.p, after.n);
		at = before.n + FILLER + after.n;
	}
	memcpy(text + at, data + FRAMING_READS_HEAD, rest);
	*ret_n = at + rest;
	return text;
}

/* BEFORE and AFTER frame a message of FILLER bytes. */
static inline void check_measured(enum framing_kind kind, naive_reader *naive,
				  const uint8_t *data, size_t size, struct span before,
				  struct span after)
{
	struct framing_conf conf = conf_of(kind, data);
	size_t n, at = 0, messages = 0;
	uint8_t *text = measured_text(data, size, before, after, &n);
	bool broken = false;
	struct received r;

	conf.max_message = MEASURED_MAX;
	r = receive(&conf, data, text, n);
	while (at < n && !broken) {
		struct payload payload = { 0 };
		size_t whole = naive(text + at, n - at, &payload);

		broken = whole == 0 || closes(&conf, payload.p, payload.n);
		if (!broken)
			check_message(&r, messages++, &conf, payload.p, payload.n);
		at += whole;
	}
	MUST(r.bad == broken && r.count == messages);
	received_free(&r);
	free(text);
}

#endif
