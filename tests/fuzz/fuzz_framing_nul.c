/* SPDX-License-Identifier: MIT */
/* Fuzzes framing_separated.c with frame = nul: whatever the reads, the messages are those
 * of a naive look at the whole. */
#include "framing_reads.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct framing_conf conf;
	struct received r;
	uint8_t *text;
	size_t n, at = 0, messages = 0;
	bool broken = false;

	if (size < FRAMING_READS_HEAD)
		return 0;
	conf = conf_of(FRAMING_NUL, data);
	text = text_of(data, size, &n);
	r = receive(&conf, data, text, n);
	while (at < n && !broken) {
		size_t length = strnlen((char *)text + at, n - at);

		broken = closes(&conf, text + at, length);
		if (!broken)
			check_message(&r, messages++, &conf, text + at, length);
		at += length + 1;
	}
	MUST(r.bad == broken && r.count == messages);
	received_free(&r);
	free(text);
	return 0;
}
