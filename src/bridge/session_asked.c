/* SPDX-License-Identifier: MIT */
/* What a session's client has asked for: texts behind one another, each with a NUL. */
#include <stdlib.h>
#include <string.h>

#include "session_asked.h"

static size_t kept(struct span text)
{
	return text.n < ASKED_MOST ? text.n : ASKED_MOST;
}

char *session_asked_copy(const struct span *texts)
{
	size_t n = 0;
	char *copy, *p;

	for (int i = 0; i < ASKED_COUNT; i++)
		n += kept(texts[i]) + 1;
	copy = p = malloc(n);
	for (int i = 0; copy && i < ASKED_COUNT; i++) {
		n = kept(texts[i]);
		if (n > 0)
			memcpy(p, texts[i].p, n);
		p[n] = 0;
		p += n + 1;
	}
	return copy;
}

const char *session_asked_text(const char *copy, enum session_asked which)
{
	if (!copy)
		return "";
	for (unsigned i = 0; i < which; i++)
		copy += strlen(copy) + 1;
	return copy;
}
