/* SPDX-License-Identifier: MIT */
/* bucket.h - a token bucket: so many events a second, one second's worth of them at once.
 */
#ifndef BASE_BUCKET_H
#define BASE_BUCKET_H

#include <stdbool.h>

struct bucket {
	double tokens, filled; /* events that were allowed at the time `filled` */
};

/* A full bucket at the time NOW (seconds). */
void bucket_init(struct bucket *b, double rate, double now);

/* May another event happen at NOW, where RATE a second may (0: no limit)?  If so, its
 * token is taken. */
bool bucket_take(struct bucket *b, double rate, double now);

/* Put the last token back: its event did not happen. */
void bucket_give_back(struct bucket *b);

/* After bucket_take() said no: seconds until it would say yes. */
double bucket_wait(const struct bucket *b, double rate);

#endif
