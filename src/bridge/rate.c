/* SPDX-License-Identifier: MIT */
/* How many bytes pass in a second, for those who look from time to time. */
#include "rate.h"

double rate_look(struct rate *r, double now, uint64_t bytes)
{
	if (now - r->at < RATE_SPAN)
		return r->value;
	r->value = (double)(bytes - r->bytes) / (now - r->at);
	r->bytes = bytes;
	r->at = now;
	return r->value;
}
