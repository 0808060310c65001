/* SPDX-License-Identifier: MIT */
/* What is counted for one path. */
#include <stdlib.h>

#include "stats.h"

#define FREE_CODES 3000 /* from here on a client says what it likes (RFC 6455 7.4.2) */

const char *closed_by_name(enum closed_by by)
{
	static const char *const names[] = {
		[CLOSED_BY_CLIENT] = "client",
		[CLOSED_BY_SERVER] = "server",
		[CLOSED_BY_BACKEND] = "backend",
	};

	return names[by];
}

static struct close_count *find(struct path_stats *s, enum closed_by by, unsigned code)
{
	for (size_t i = 0; i < s->ncloses; i++)
		if (s->closes[i].by == by && s->closes[i].code == code)
			return &s->closes[i];
	return NULL;
}

/* NULL: out of memory. */
static struct close_count *add(struct path_stats *s, enum closed_by by, unsigned code)
{
	struct close_count *more =
		realloc(s->closes, (s->ncloses + 1) * sizeof(*s->closes));

	if (!more)
		return NULL;
	s->closes = more;
	more += s->ncloses++;
	*more = (struct close_count){ by, code, 0 };
	return more;
}

void stats_count_close(struct path_stats *s, enum closed_by by, unsigned code)
{
	struct close_count *row;

	if (by == CLOSED_BY_CLIENT && code >= FREE_CODES)
		code -= code % 1000;
	row = find(s, by, code);
	if (!row)
		row = add(s, by, code);
	if (row)
		row->sessions++;
}

void stats_free(struct path_stats *s)
{
	free(s->closes);
	*s = (struct path_stats){ 0 };
}
