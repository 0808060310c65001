/* SPDX-License-Identifier: MIT */
/* bucket.h - a token bucket: so many events a second, one second's worth of them at once.
 */
#ifndef BASE_BUCKET_H
#define BASE_BUCKET_H

#include <stdbool.h>

struct bucket {
	double tokens, filled; /* events that may come, at that time */
};

/* A full bucket at the time NOW (seconds). */
void bucket_init(struct bucket *b, double rate, double now);

/* May one more event come at NOW, of RATE a second (0: no limit)?  Then it is counted. */
bool bucket_take(struct bucket *b, double rate, double now);

/* The last event that was taken did not come. */
void bucket_give_back(struct bucket *b);

/* Seconds from the last bucket_take(), which said no, until it will say yes. */
double bucket_wait(const struct bucket *b, double rate);

#endif
