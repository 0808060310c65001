/* SPDX-License-Identifier: MIT */
/* Which session a request names. */
#include <string.h>

#include "session_key.h"

/* The value of NAME in TEXT, pairs with SEPARATOR between them. */
static struct span find(struct span text, char separator, struct span name)
{
	while (text.n > 0) {
		struct span pair = span_trim(span_cut(&text, separator));

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
