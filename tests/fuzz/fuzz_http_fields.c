/* SPDX-License-Identifier: MIT */
/* Fuzzes range.c, http_date.c and etag.c: the values of fields about a file.  The first
 * byte is the file's size. */
#include <stdlib.h>

#include "etag.h"
#include "http_date.h"
#include "range.h"

#define MUST(holds) ((holds) ? (void)0 : abort())
#define ETAG SPAN("\"a\"")

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_range(struct span field, uint64_t size)
{
	struct range r;

	if (range_parse(field, size, &r) == RANGE_PART)
		MUST(r.first <= r.last && r.last < size);
}

/* A date that is read is written so that it is read again. */
static void check_date(struct span field)
{
	char text[HTTP_DATE_SIZE];
	time_t when, again;

	if (!http_date_parse(field, &when) || !*http_date_text(when, text))
		return;
	MUST(http_date_parse((struct span){ text, strlen(text) }, &again) &&
	     again == when);
}

/* What counts strictly counts weakly, too, and is really there. */
static void check_etag(struct span field)
{
	bool strongly = etag_in_list(field, ETAG, false);
	bool weakly = etag_in_list(field, ETAG, true);

	MUST(weakly || !strongly);
	MUST(!weakly || span_is(field, SPAN("*")) ||
	     memmem(field.p, field.n, ETAG.p, ETAG.n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span field;
	char *copy;

	if (size < 2)
		return 0;
	copy = malloc(size - 1); /* its end is the sanitizer's to watch */
	MUST(copy);
	memcpy(copy, data + 1, size - 1);
	field = (struct span){ copy, size - 1 };
	check_range(field, data[0]);
	check_date(field);
	check_etag(field);
	free(copy);
	return 0;
}
