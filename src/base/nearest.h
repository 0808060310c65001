/* SPDX-License-Identifier: MIT */
/* nearest.h - finds the word that somebody may have meant: "did you mean ...?". */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#define NEAREST_MAX 63 /* longer words are never near */

struct nearest {
	const char *wanted;
	unsigned distance;          /* of best; only nearer words replace it */
	char best[NEAREST_MAX + 1]; /* "": none yet */
};

/* How many insertions, deletions, changes and swaps of neighbours turn A into B, case
 * ignored (Damerau and Levenshtein, no substring edited twice).  With a word over
 * NEAREST_MAX bytes: more than any. */
unsigned nearest_distance(const char *a, const char *b);

/* Begin to look for WANTED, which stays the caller's. */
void nearest_init(struct nearest *n, const char *wanted);

/* Offer CANDIDATE; the first of equally near ones stays. */
void nearest_offer(struct nearest *n, const char *candidate);

/* The nearest word offered (inside N), or NULL when none is near enough to be meant: one
 * edit for each three letters. */
const char *nearest_found(const struct nearest *n);

#endif
