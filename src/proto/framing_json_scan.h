/* SPDX-License-Identifier: MIT */
/* framing_json_scan.h - the lexer for a program's lines of JSON: blanks, strings,
 * numbers; for framing_json_*.c only. */
#ifndef PROTO_FRAMING_JSON_SCAN_H
#define PROTO_FRAMING_JSON_SCAN_H

#include "framing_json.h"

/* A line that is being read: what is left of it, and what it has said so far. */
struct scan {
	const char *p, *end;
	const char *wrong; /* NULL: nothing so far */
	struct framing_json_order *order;
	size_t max_message;
	unsigned seen; /* members: one bit each */
};

/* A string as it stands in the line, between its quotes. */
struct scan_text {
	struct span raw;
	bool escaped; /* there is a backslash in it */
};

/* Note what is WRONG with R's line.  Returns false, for the caller to return. */
bool scan_fail(struct scan *r, const char *wrong);

void scan_blanks(struct scan *r);

/* Skip blanks, then take C, or null.  False: something else stands there. */
bool scan_take(struct scan *r, char c);
bool scan_null(struct scan *r);

/* Take a string.  False, by scan_fail(), with WRONG where something else stands. */
bool scan_string(struct scan *r, const char *wrong, struct scan_text *ret);
/* The same for an unsigned integer of at most MOST. */
bool scan_number(struct scan *r, uint64_t most, const char *wrong, uint64_t *ret);

/* S with its escapes resolved: in the line itself, or in *RET_STORAGE, to be freed. */
bool scan_settle(struct scan *r, const struct scan_text *s, char **ret_storage,
		 struct span *ret);

#endif
