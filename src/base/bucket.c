/* SPDX-License-Identifier: MIT */
/* A token bucket: so many events a second, one second's worth of them at once. */
#include "bucket.h"

/* Slow rates, too, let one event through. */
static double most(double rate)
{
	return rate < 1 ? 1 : rate;
}

void bucket_init(struct bucket *b, double rate, double now)
{
	*b = (struct bucket){ most(rate), now };
}

bool bucket_take(struct bucket *b, double rate, double now)
{
	if (rate <= 0)
		return true;
	b->tokens += (now - b->filled) * rate;
	b->filled = now;
	if (b->tokens > most(rate))
		b->tokens = most(rate);
	if (b->tokens < 1)
		return false;
	b->tokens--;
	return true;
}

void bucket_give_back(struct bucket *b)
{
	b->tokens++;
}

double bucket_wait(const struct bucket *b, double rate)
{
	return (1 - b->tokens) / rate;
}
