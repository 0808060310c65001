/* SPDX-License-Identifier: MIT */
/*
 * ini_lines.h - the lines of an ini text, read safely underneath libinih.
 *
 * Plain libinih 55 turns the tail of a line over 197 bytes into a new key, cuts " ;" out
 * of values, merges section names over 49 bytes, splits keys at ':' and tells no line
 * numbers.  So this reader sits under ini_parse_stream(): inih sees only `[N]` and
 * `key=\x02`, and the real names, values and line numbers are carried around it.  (Not
 * called ini.h: that is inih's own header.)
 *
 *   [section]    blanks around the name are cut; nothing may follow the ]
 *   key = value  key: 1 to 40 of A-Z a-z 0-9 _
 *                value: from the first to the last non-blank
 *   ; or #       begins a comment, which is a line of its own
 *   \ at the end joins the next line, whose leading blanks become one
 *   \\ at the end is one backslash
 *
 * A blank is a space, a tab or a CR, so CRLF files read as others do.  A byte order mark
 * is skipped.
 */
#ifndef SERVER_INI_LINES_H
#define SERVER_INI_LINES_H

#include <stddef.h>

#define INI_KEY_MAX 40

/* Who gets what is read, in the order of the text; the strings live until the call
 * returns. */
struct ini_sink {
	/* [NAME] stands at LINE. */
	void (*section)(void *arg, const char *name, int line);
	/* KEY = VALUE begins at LINE, in the section told last (none: before the first).
	 * VALUE may be "".  Not called between a broken header and the next good one. */
	void (*setting)(void *arg, const char *key, const char *value, int line);
	/* LINE is wrong, TEXT says how. */
	void (*error)(void *arg, const char *text, int line);
};

/* Read the N bytes of P.  A NUL byte is an error and ends the reading.  0, or -ENOMEM. */
int ini_read(const char *p, size_t n, const struct ini_sink *sink, void *arg);

#endif
