/* SPDX-License-Identifier: MIT */
/* Finds the word that somebody may have meant. */
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "nearest.h"

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool same(char a, char b)
{
	return lower(a) == lower(b);
}

static bool swapped(const char *a, const char *b)
{
	return same(a[0], b[-1]) && same(a[-1], b[0]);
}

unsigned nearest_distance(const char *a, const char *b)
{
	unsigned d[NEAREST_MAX + 1]
		  [NEAREST_MAX + 1]; /* [i][j]: i letters of A to j of B */
	size_t na = strnlen(a, NEAREST_MAX + 1), nb = strnlen(b, NEAREST_MAX + 1);

	if (na > NEAREST_MAX || nb > NEAREST_MAX)
		return UINT_MAX;
	for (size_t i = 0; i <= na; i++)
		d[i][0] = (unsigned)i;
	for (size_t j = 0; j <= nb; j++)
		d[0][j] = (unsigned)j;
	for (size_t i = 1; i <= na; i++) {
		for (size_t j = 1; j <= nb; j++) {
			d[i][j] = min3(d[i - 1][j] + 1, d[i][j - 1] + 1,
				       d[i - 1][j - 1] + !same(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && swapped(a + i - 1, b + j - 1))
				d[i][j] = min3(d[i][j], d[i - 2][j - 2] + 1, UINT_MAX);
		}
	}
	return d[na][nb];
}

void nearest_init(struct nearest *n, const char *wanted)
{
	*n = (struct nearest){ .wanted = wanted, .distance = UINT_MAX };
}

void nearest_offer(struct nearest *n, const char *candidate)
{
	unsigned distance = nearest_distance(n->wanted, candidate);

	if (distance >= n->distance)
		return;
	n->distance = distance;
	strcpy(n->best, candidate); /* it fits: longer ones have no distance */
}

const char *nearest_found(const struct nearest *n)
{
	return n->distance <= strlen(n->wanted) / 3 ? n->best : NULL;
}
