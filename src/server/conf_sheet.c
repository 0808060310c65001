/* SPDX-License-Identifier: MIT */
/* The settings as they were written, section by section. */
#include <errno.h>
#include <string.h>

#include "conf_sheet.h"
#include "conf_source.h"

struct conf_sheet *conf_sheet_new(struct conf_mem *mem)
{
	struct conf_sheet *sheet = conf_mem_alloc(mem, sizeof(*sheet));

	if (sheet)
		sheet->mem = mem;
	return sheet;
}

/* ---- the index ---- */

static size_t chain_of_name(const char *name)
{
	size_t hash = 5381;

	while (*name)
		hash = 33 * hash + (unsigned char)*name++;
	return hash % CONF_SHEET_CHAINS;
}

static size_t chain_of_line(int line)
{
	return (unsigned)line % CONF_SHEET_CHAINS;
}

struct conf_section *conf_sheet_find(const struct conf_sheet *sheet, const char *name)
{
	struct conf_section *s = sheet->by_name[chain_of_name(name)];

	while (s && strcmp(s->name, name) != 0)
		s = s->next_name;
	return s;
}

const struct conf_section *conf_sheet_at(const struct conf_sheet *sheet,
					 struct conf_origin where)
{
	const struct conf_section *s = sheet->by_line[chain_of_line(where.line)];

	while (s && (s->where.line != where.line || s->where.file != where.file))
		s = s->next_line;
	return s;
}

static void add_to_index(struct conf_sheet *sheet, struct conf_section *s)
{
	struct conf_section **name = &sheet->by_name[chain_of_name(s->name)];
	struct conf_section **line = &sheet->by_line[chain_of_line(s->where.line)];

	s->next_name = *name;
	s->next_line = *line;
	*name = *line = s;
}

/* ---- sections ---- */

const struct conf_section *conf_sheet_of(const struct conf_sheet *sheet,
					 enum conf_class class)
{
	const struct conf_section *s = sheet->first;

	while (s && s->class != class)
		s = s->next;
	return s;
}

struct conf_section *conf_sheet_add(struct conf_sheet *sheet, enum conf_class class,
				    const char *name, struct conf_origin where)
{
	struct conf_section *s = conf_mem_alloc(sheet->mem, sizeof(*s));

	if (!s)
		return NULL;
	s->class = class;
	s->where = where;
	s->name = conf_mem_text(sheet->mem, name, strlen(name));
	s->slots = conf_mem_alloc(sheet->mem, conf_nkeys * sizeof(*s->slots));
	if (!s->name || !s->slots)
		return NULL;
	if (sheet->last)
		sheet->last->next = s;
	else
		sheet->first = s;
	sheet->last = s;
	add_to_index(sheet, s);
	return s;
}

struct conf_slot *conf_sheet_slot(const struct conf_section *section,
				  const struct conf_key *key)
{
	return &section->slots[key - conf_keys];
}

const struct conf_slot *conf_sheet_effective(const struct conf_sheet *sheet,
					     const struct conf_section *section,
					     const struct conf_key *key)
{
	const struct conf_section *defaults = NULL;

	if (section && conf_sheet_slot(section, key)->where.file)
		return conf_sheet_slot(section, key);
	if (section && section->class == CONF_PATH)
		defaults = conf_sheet_find(sheet, "defaults");
	else if (section && section->class == CONF_TLS_NAME && !(key->flags & CONF_OWN))
		defaults = conf_sheet_find(sheet, "tls");
	if (defaults && conf_sheet_slot(defaults, key)->where.file)
		return conf_sheet_slot(defaults, key);
	return NULL;
}

/* What names a session means that there are some. */
static bool has_sessions(const struct conf_section *section)
{
	const struct conf_slot *slot;

	if (!section || section->class != CONF_PATH)
		return false;
	slot = conf_sheet_slot(section, conf_key_find(CONF_PATH, "session_key"));
	return slot->first && *slot->first->raw;
}

const char *conf_sheet_default(const struct conf_sheet *sheet,
			       const struct conf_section *section,
			       const struct conf_key *key)
{
	const struct conf_key *compat = conf_key_find(CONF_PATH, "compat");
	const struct conf_slot *slot;

	if (key->sessions && has_sessions(section))
		return key->sessions;
	if (!key->websocketd ||
	    (section && !conf_source_takes(conf_source_find(section), compat)))
		return key->def;
	slot = conf_sheet_effective(sheet, section, compat);
	return slot && strcmp(slot->first->raw, "websocketd") == 0 ? key->websocketd
								   : key->def;
}

int conf_sheet_write(struct conf_sheet *sheet, struct conf_section *section,
		     const struct conf_key *key, const char *raw,
		     struct conf_origin where)
{
	struct conf_slot *slot = conf_sheet_slot(section, key);
	bool list = key->flags & CONF_LIST;
	struct conf_entry *e = conf_mem_alloc(sheet->mem, sizeof(*e));

	if (!e)
		return -ENOMEM;
	*e = (struct conf_entry){ conf_mem_text(sheet->mem, raw, strlen(raw)), where,
				  NULL };
	if (!e->raw)
		return -ENOMEM;
	slot->where = where;
	if (!list || !*raw)
		slot->first = slot->last = NULL;
	if (list && !*raw)
		return 0;
	if (slot->last)
		slot->last->next = e;
	else
		slot->first = e;
	slot->last = e;
	return 0;
}
