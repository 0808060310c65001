/* SPDX-License-Identifier: MIT */
/* Finds where a setting of a snapshot was written. */
#include <string.h>

#include "conf.h"
#include "conf_keys.h"
#include "conf_sheet.h"

/* Where KEY of the section S was written; file NULL: nowhere. */
static struct conf_origin where(const struct conf *c, const struct conf_section *s,
				const char *key)
{
	const struct conf_key *k = conf_key_find(s->class, key);
	const struct conf_slot *slot = k ? conf_sheet_effective(c->sheet, s, k) : NULL;

	return slot ? slot->where : (struct conf_origin){ NULL, 0 };
}

/* The same in the section whose header stands AT. */
static struct conf_origin where_at(const struct conf *c, struct conf_origin at,
				   const char *key)
{
	const struct conf_section *s = conf_sheet_at(c->sheet, at);

	return s ? where(c, s, key) : (struct conf_origin){ NULL, 0 };
}

struct conf_origin conf_where_named(const struct conf *c, const struct conf_named *n,
				    const char *key)
{
	return where_at(c, n->where, key);
}

struct conf_origin conf_where(const struct conf *c, const struct path_conf *path,
			      const char *key)
{
	struct conf_origin found = { NULL, 0 };
	size_t n = strcspn(key, "."); /* of the section's name */
	bool named = key[n];

	if (path)
		return where_at(c, path->where, key);
	for (const struct conf_section *s = c->sheet->first; s && !found.file;
	     s = s->next)
		if (named ? strncmp(s->name, key, n) == 0 && !s->name[n]
			  : s->class < CONF_DEFAULTS &&
				    conf_classes[s->class].named.size == 0)
			found = where(c, s, named ? key + n + 1 : key);
	return found;
}

struct conf_origin conf_where_or_header(const struct conf *c, const struct conf_named *n,
					const char *key)
{
	struct conf_origin at = conf_where_named(c, n, key);

	return at.file ? at : n->where;
}
