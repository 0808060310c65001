/* SPDX-License-Identifier: MIT */
/* A snapshot like another one but for one setting. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf_set.h"
#include "conf_sheet.h"
#include "conf_tls.h"

/* ---- a copy of a sheet ---- */

static struct conf_origin copy_origin(struct conf_mem *mem, struct conf_origin where)
{
	if (where.file)
		where.file = conf_mem_text(mem, where.file, strlen(where.file));
	return where;
}

static int copy_slot(struct conf_sheet *to, struct conf_section *section,
		     const struct conf_key *key, const struct conf_slot *slot)
{
	struct conf_origin where = copy_origin(to->mem, slot->where);
	int r = 0;

	if (!slot->where.file)
		return 0;
	if (!where.file)
		return -ENOMEM;
	if (!slot->first)
		return conf_sheet_write(to, section, key, "", where);
	for (const struct conf_entry *e = slot->first; e && r == 0; e = e->next)
		r = conf_sheet_write(to, section, key, e->raw,
				     copy_origin(to->mem, e->where));
	return r;
}

static int copy_sheet(const struct conf_sheet *from, struct conf_sheet *to)
{
	int r = 0;

	for (const struct conf_section *s = from->first; s && r == 0; s = s->next) {
		struct conf_section *copy = conf_sheet_add(
			to, s->class, s->name, copy_origin(to->mem, s->where));

		if (!copy)
			return -ENOMEM;
		for (size_t i = 0; i < conf_nkeys && r == 0; i++)
			r = copy_slot(to, copy, &conf_keys[i],
				      conf_sheet_slot(s, &conf_keys[i]));
	}
	return r;
}

/* ---- and one more setting ---- */

struct change {
	const struct conf_sheet *from;
	const char *section;
	const struct conf_key *key;
	const char *value;
};

static int write_change(struct conf_sheet *sheet, void *data)
{
	const struct conf_origin here = { CONF_SET_ORIGIN, 0 };
	const struct change *change = data;
	struct conf_section *section;
	int r = copy_sheet(change->from, sheet);

	if (r < 0)
		return r;
	section = conf_sheet_find(sheet, change->section);
	if (!section) /* it says the defaults so far */
		section = conf_sheet_add(sheet, conf_class_find(change->section),
					 change->section, here);
	if (!section)
		return -ENOMEM;
	if (change->key->flags & CONF_LIST)
		r = conf_sheet_write(sheet, section, change->key, "", here);
	if (r == 0)
		r = conf_sheet_write(sheet, section, change->key, change->value, here);
	return r;
}

bool conf_set_can(const struct conf *c, const char *section)
{
	enum conf_class class = conf_class_find(section);
	bool needed = class == CONF_PATH || conf_classes[class].named.size > 0;

	return !needed || conf_sheet_find(c->sheet, section);
}

struct conf *conf_set(const struct conf *c, const char *section,
		      const struct conf_key *key, const char *value, FILE *err)
{
	struct change change = { c->sheet, section, key, value };
	struct conf *set = NULL;
	int status;

	if (conf_set_can(c, section))
		set = conf_load_sheet(c->file, write_change, &change, err, &status);
	else
		fprintf(err, "%s: error: there is no [%s] in the file any more\n",
			CONF_SET_ORIGIN, section);
	if (set && key->class != CONF_TLS) /* tickets stay good */
		conf_tls_share(set, c);
	return set;
}
