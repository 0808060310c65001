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

/* Drop the first N bytes of S, which has them. */
static inline void span_skip(struct span *s, size_t n)
{
	s->p += n;
	s->n -= n;
}

/* Cut what stands before the first SEPARATOR, or else everything, off REST; that
 * SEPARATOR goes, too. */
static inline struct span span_cut(struct span *rest, char separator)
{
	struct span head = *rest;
	const char *end;

	if (rest->n == 0)
		return head;
	end = memchr(rest->p, separator, rest->n);
	if (end)
		head.n = (size_t)(end - rest->p);
	span_skip(rest, head.n + (end != NULL));
	return head;
}

/* Drop WHAT, which S has to begin with.  False: it does not. */
static inline bool span_take(struct span *s, struct span what)
{
	if (s->n < what.n || !span_is((struct span){ s->p, what.n }, what))
		return false;
	span_skip(s, what.n);
	return true;
}

/* S without the optional whitespace around it (RFC 9110 5.6.3). */
static inline struct span span_trim(struct span s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		span_skip(&s, 1);
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

/* The port number, 0 to 65535, that S writes in one to five digits, or -1. */
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

/* Are A and B the same text?  NULL is the same as NULL only. */
static inline bool text_is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

#endif
