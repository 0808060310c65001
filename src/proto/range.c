/* SPDX-License-Identifier: MIT */
/* Which bytes a Range field asks for. */
#include <stdbool.h>

#include "range.h"

static void skip_blanks(struct span *s)
{
	while (s->n > 0 && *s->p == ' ')
		span_skip(s, 1);
}

/* Take a number off S; what is too large for one is the largest.  False: none is there.
 */
static bool take_number(struct span *s, uint64_t *ret)
{
	const char *begin = s->p;

	for (*ret = 0; s->n > 0 && *s->p >= '0' && *s->p <= '9'; s->p++, s->n--) {
		uint64_t digit = (uint64_t)(*s->p - '0');

		*ret = *ret > (UINT64_MAX - digit) / 10 ? UINT64_MAX : *ret * 10 + digit;
	}
	return s->p > begin;
}

/* -N: the last N bytes. */
static enum range_kind suffix(uint64_t n, uint64_t size, struct range *ret)
{
	if (n == 0)
		return RANGE_BEYOND;
	if (size == 0) /* all of nothing has no range that could be told */
		return RANGE_WHOLE;
	*ret = (struct range){ n < size ? size - n : 0, size - 1 };
	return RANGE_PART;
}

enum range_kind range_parse(struct span field, uint64_t size, struct range *ret)
{
	uint64_t first, last = UINT64_MAX;
	bool has_first, has_last;

	if (field.n < 6 || !span_is_nocase((struct span){ field.p, 6 }, SPAN("bytes=")))
		return RANGE_WHOLE;
	field = (struct span){ field.p + 6, field.n - 6 };
	skip_blanks(&field);
	has_first = take_number(&field, &first);
	if (!span_take(&field, SPAN("-")))
		return RANGE_WHOLE;
	has_last = take_number(&field, &last);
	skip_blanks(&field);
	if (field.n > 0 || (!has_first && !has_last))
		return RANGE_WHOLE;
	if (!has_first)
		return suffix(last, size, ret);
	if (!has_last)
		last = UINT64_MAX;
	if (last < first)
		return RANGE_WHOLE;
	if (first >= size)
		return RANGE_BEYOND;
	*ret = (struct range){ first, last < size ? last : size - 1 };
	return RANGE_PART;
}
