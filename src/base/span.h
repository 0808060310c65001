/* SPDX-License-Identifier: MIT */
/* span.h - a run of bytes that somebody else owns. */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

struct span {
	const char *p;
	size_t n;
};

/* A string literal as a span, without its NUL. */
#define SPAN(literal) ((struct span){ (literal), sizeof(literal) - 1 })

static inline bool span_is(struct span s, struct span t)
{
	return s.n == t.n && (s.n == 0 || memcmp(s.p, t.p, s.n) == 0);
}

/* Equal without regard to the case of ASCII letters. */
static inline bool span_is_nocase(struct span s, struct span t)
{
	return s.n == t.n && (s.n == 0 || strncasecmp(s.p, t.p, s.n) == 0);
}

/* The port that S is, 0 to 65535, in one to five digits; -1: it is none. */
static inline long span_port(struct span s)
{
	long port = 0;

	if (s.n == 0 || s.n > 5)
		return -1;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -1;
		port = port * 10 + (s.p[i] - '0');
	}
	return port <= 65535 ? port : -1;
}

/* Two texts that may be missing; a missing one is like no other but a missing one. */
static inline bool text_is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

#endif
