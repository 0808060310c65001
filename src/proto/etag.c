/* SPDX-License-Identifier: MIT */
/* Is this entity tag in that list? */
#include "etag.h"

static void skip_all(struct span *s, const char *set)
{
	while (s->n > 0 && strchr(set, *s->p) && *s->p)
		span_skip(s, 1);
}

/* Take the next tag off LIST.  False: none is left, or it is malformed. */
static bool next_tag(struct span *list, struct span *ret, bool *ret_weak)
{
	const char *end;

	skip_all(list, ", ");
	*ret_weak = span_take(list, SPAN("W/"));
	if (list->n < 2 || *list->p != '"')
		return false;
	end = memchr(list->p + 1, '"', list->n - 1);
	if (!end)
		return false;
	*ret = (struct span){ list->p, (size_t)(end + 1 - list->p) };
	span_skip(list, ret->n);
	return true;
}

bool etag_in_list(struct span field, struct span etag, bool weakly)
{
	struct span tag;
	bool weak;

	if (span_is(field, SPAN("*")))
		return true;
	while (next_tag(&field, &tag, &weak))
		if (span_is(tag, etag) && (weakly || !weak))
			return true;
	return false;
}
