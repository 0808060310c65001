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

/* Two texts that may be missing; a missing one is like no other but a missing one. */
static inline bool text_is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

#endif
