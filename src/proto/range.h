/* SPDX-License-Identifier: MIT */
/* range.h - which bytes a Range field asks for (RFC 9110 14.1.2). */
#ifndef PROTO_RANGE_H
#define PROTO_RANGE_H

#include <stdint.h>

#include "span.h"

enum range_kind {
	RANGE_WHOLE, /* everything: another unit, several ranges, or no range at all */
	RANGE_PART,
	RANGE_BEYOND, /* nothing of it is there: 416 */
};

/* Bytes FIRST up to and including LAST. */
struct range {
	uint64_t first, last;
};

/* What FIELD asks of SIZE bytes; *ret is set with RANGE_PART.  A field that is malformed
 * counts for nothing, as RFC 9110 14.2 allows; several ranges get everything. */
enum range_kind range_parse(struct span field, uint64_t size, struct range *ret);

#endif
