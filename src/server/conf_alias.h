/* SPDX-License-Identifier: MIT */
/*
 * conf_alias.h - the names that WSServer has for settings, and its units for their
 * values.
 *
 * A name stands for a key of ours wherever that key may stand.
 */
#ifndef SERVER_CONF_ALIAS_H
#define SERVER_CONF_ALIAS_H

#include "conf_keys.h"

#define CONF_ALIAS_ERR 240  /* room that every error text fits in */
#define CONF_ALIAS_TEXT 256 /* room for every value, but one that is text in either */

struct conf_unit;

struct conf_alias {
	const char *name;
	enum conf_class class; /* of our key */
	const char *key;
	const struct conf_unit *unit;
};

/* The row NAME, if its key may stand in a section of CLASS: the key goes to *ret_key.
 * NULL: none. */
const struct conf_alias *conf_alias_find(enum conf_class class, const char *name,
					 const struct conf_key **ret_key);

/* The row NAME, whether its key exists or not. */
const struct conf_alias *conf_alias_find_anywhere(const char *name);

/* The row of KEY, or NULL. */
const struct conf_alias *conf_alias_of(const struct conf_key *key);

/* All rows whose key may stand in a section of CLASS, to each of which FN is applied. */
void conf_alias_each(enum conf_class class, void (*fn)(const char *name, void *data),
		     void *data);

/*
 * VALUE of A in its unit -> that of KEY, which is returned: VALUE itself, or in OUT
 * (CONF_ALIAS_TEXT bytes).  NULL: it is none, ERR says why.
 */
const char *conf_alias_read(const struct conf_alias *a, const struct conf_key *key,
			    const char *value, char *out, char *err);

/* VALUE of our key -> that of A in its unit.  NULL: the alias cannot say this value. */
const char *conf_alias_write(const struct conf_alias *a, const char *value, char *out);

/* The unit in words: "in milliseconds"; NULL: as ours. */
const char *conf_alias_unit(const struct conf_alias *a);

#endif
