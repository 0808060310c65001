/* SPDX-License-Identifier: MIT */
/* Fuzzes framing_measured.c with frame = u32be: whatever the reads, the messages are
 * those of a naive look at the whole. */
#include "framing_measured.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t naive(const uint8_t *p, size_t n, struct payload *ret)
{
	if (n < 4)
		return 0;
	ret->n = (size_t)p[0] * 16777216 + p[1] * 65536 + p[2] * 256 + p[3];
	if (ret->n > MEASURED_MAX || n - 4 < ret->n)
		return 0;
	ret->p = p + 4;
	return 4 + ret->n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char filler[] = "\0\1\0\x40", end[] = "";

	if (size >= FRAMING_READS_HEAD)
		check_measured(FRAMING_U32BE, naive, data, size, SPAN_OF(filler),
			       SPAN_OF(end));
	return 0;
}
