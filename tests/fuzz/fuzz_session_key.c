/* SPDX-License-Identifier: MIT */
/* Fuzzes session_key.c: what is found lies in the text, behind its name. */
#include <stdlib.h>
#include <string.h>

#include "session_key.h"

#define MUST(holds) ((holds) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check(struct span text, struct span name, char separator, struct span found)
{
	if (!found.p)
		return;
	MUST(found.p > text.p + name.n && found.p + found.n <= text.p + text.n);
	MUST(found.p[-1] == '=');
	MUST(memcmp(found.p - 1 - name.n, name.p, name.n) == 0);
	MUST(found.n == 0 || !memchr(found.p, separator, found.n));
}

/* The name, a NUL, and a text in which it is looked for. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	const char *nul = size ? memchr(data, 0, size) : NULL;
	struct span name, text;

	if (!nul || nul == (const char *)data)
		return 0;
	name = (struct span){ (const char *)data, (size_t)(nul - (const char *)data) };
	text = (struct span){ nul + 1, size - name.n - 1 };
	if (memchr(name.p, '=', name.n) || memchr(name.p, '&', name.n) ||
	    memchr(name.p, ';', name.n))
		return 0;
	check(text, name, '&', session_key_query(text, name));
	check(text, name, ';', session_key_cookie(text, name));
	return 0;
}
