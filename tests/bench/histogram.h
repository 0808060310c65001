/* SPDX-License-Identifier: MIT */
/* histogram.h - counts durations into buckets of 1.6 % width and answers percentiles. */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BITS 6 /* 64 buckets for each power of two */
#define HISTOGRAM_BUCKETS ((64 - HISTOGRAM_BITS + 1) << HISTOGRAM_BITS)

/* All zero is an empty histogram. */
struct histogram {
	uint64_t count;
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *h, uint64_t value);

/* The value that FRACTION (0 to 1) of all values do not exceed; 0 when there is none. */
uint64_t histogram_at(const struct histogram *h, double fraction);

#endif
