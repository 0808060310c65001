/* SPDX-License-Identifier: MIT */
/* rate.h - how many bytes pass in a second, for those who look from time to time. */
#ifndef BRIDGE_RATE_H
#define BRIDGE_RATE_H

#include <stdint.h>

#define RATE_SPAN 0.9 /* seconds between two looks, at the least */

/* Zero but for AT, the second in which counting has begun. */
struct rate {
	double at; /* of the last look that counted ... */
	uint64_t bytes;
	double value; /* ... and what it saw */
};

/* NOW, when BYTES in all have passed: bytes a second since the last look, or what that
 * one saw if it was less than RATE_SPAN ago.  Several may look, and see the same. */
double rate_look(struct rate *r, double now, uint64_t bytes);

#endif
