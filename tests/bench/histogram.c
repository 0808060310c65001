/* SPDX-License-Identifier: MIT */
/* histogram.c - counts durations into buckets of 1.6 % width and answers percentiles. */
#include "histogram.h"

/* Values below 2^(BITS+1) have a bucket each; above, the top BITS+1 bits name it. */
static unsigned bucket_of(uint64_t value)
{
	unsigned shift;

	if (value >> (HISTOGRAM_BITS + 1) == 0)
		return (unsigned)value;
	shift = 63 - HISTOGRAM_BITS - (unsigned)__builtin_clzll(value);
	return (shift << HISTOGRAM_BITS) + (unsigned)(value >> shift);
}

static uint64_t middle_of(unsigned bucket)
{
	unsigned shift;
	uint64_t low;

	if (bucket >> (HISTOGRAM_BITS + 1) == 0)
		return bucket;
	shift = (bucket >> HISTOGRAM_BITS) - 1;
	low = ((uint64_t)bucket - ((uint64_t)shift << HISTOGRAM_BITS)) << shift;
	return low + (1ull << shift) / 2;
}

void histogram_add(struct histogram *h, uint64_t value)
{
	h->buckets[bucket_of(value)]++;
	h->count++;
}

uint64_t histogram_at(const struct histogram *h, double fraction)
{
	uint64_t seen = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += h->buckets[i];
		if (seen > 0 && (double)seen >= fraction * (double)h->count)
			return middle_of(i);
	}
	return 0;
}
