/* SPDX-License-Identifier: MIT */
/* Fuzzes framing_measured.c with frame = netstring: whatever the reads, the messages are
 * those of a naive look at the whole. */
#include "framing_measured.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t naive(const uint8_t *p, size_t n, struct payload *ret)
{
	size_t digits = 0;

	ret->n = 0;
	while (digits < n && p[digits] >= '0' && p[digits] <= '9') {
		ret->n = 10 * ret->n + (p[digits++] - '0');
		if (ret->n > MEASURED_MAX || (digits == 2 && p[0] == '0'))
			return 0;
	}
	if (digits == 0 || digits == n || p[digits] != ':')
		return 0;
	if (n - digits < ret->n + 2 || p[digits + 1 + ret->n] != ',')
		return 0;
	ret->p = p + digits + 1;
	return digits + ret->n + 2;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char filler[] = "65600:", end[] = ",";

	if (size >= FRAMING_READS_HEAD)
		check_measured(FRAMING_NETSTRING, naive, data, size, SPAN_OF(filler),
			       SPAN_OF(end));
	return 0;
}
