/* SPDX-License-Identifier: MIT */
/* Which session a request names. */
#include <string.h>

#include "session_key.h"

/* Cut what is before the next SEPARATOR off REST. */
static struct span cut(struct span *rest, char separator)
{
	const char *end = rest->n ? memchr(rest->p, separator, rest->n) : NULL;
	struct span piece = *rest;

	if (!end) {
		*rest = (struct span){ rest->p + rest->n, 0 };
		return piece;
	}
	piece.n = (size_t)(end - rest->p);
	*rest = (struct span){ end + 1, rest->n - piece.n - 1 };
	return piece;
}

static struct span without_blanks(struct span s)
{
	while (s.n > 0 && (*s.p == ' ' || *s.p == '\t'))
		s = (struct span){ s.p + 1, s.n - 1 };
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

/* The value of NAME in TEXT, pairs with SEPARATOR between them. */
static struct span find(struct span text, char separator, struct span name)
{
	while (text.n > 0) {
		struct span pair = without_blanks(cut(&text, separator));

		if (pair.n > name.n && pair.p[name.n] == '=' &&
		    memcmp(pair.p, name.p, name.n) == 0)
			return (struct span){ pair.p + name.n + 1, pair.n - name.n - 1 };
	}
	return (struct span){ NULL, 0 };
}

struct span session_key_query(struct span query, struct span name)
{
	return find(query, '&', name);
}

struct span session_key_cookie(struct span field, struct span name)
{
	return find(field, ';', name);
}
