/* SPDX-License-Identifier: MIT */
/* Prints every effective key with its origin as a valid ini. */
#include <string.h>

#include "conf_keys.h"
#include "conf_sheet.h"

/* ---- where settings were written ---- */

static bool is_of(const struct conf_section *s, const struct path_conf *path)
{
	return s->where.file == path->where.file && s->where.line == path->where.line;
}

struct conf_origin conf_where(const struct conf *c, const struct path_conf *path,
			      const char *key)
{
	for (const struct conf_section *s = c->sheet->first; s; s = s->next) {
		const struct conf_key *k = conf_key_find(s->class, key);
		const struct conf_slot *slot;

		if (!k || (path ? s->class != CONF_PATH || !is_of(s, path)
				: k->class == CONF_PATH))
			continue;
		slot = conf_sheet_effective(c->sheet, s, k);
		if (slot)
			return slot->where;
	}
	return (struct conf_origin){ NULL, 0 };
}

/* ---- printing ---- */

/* A value as it must be written: the backslashes at its end doubled. */
static void print_value(FILE *out, const char *key, const char *raw)
{
	size_t n = strlen(raw), slashes = 0;

	while (slashes < n && raw[n - 1 - slashes] == '\\')
		slashes++;
	fprintf(out, *raw ? "%s = %s" : "%s =", key, raw);
	while (slashes-- > 0)
		fputc('\\', out);
	fputc('\n', out);
}

static void print_default(FILE *out, const struct conf_key *key, const char *def)
{
	if (def != key->def)
		fprintf(out, "; default with compat = websocketd\n");
	else if (key->def_doc)
		fprintf(out, "; default: %s\n", key->def_doc);
	else
		fprintf(out, "; default\n");
	print_value(out, key->name, def);
}

/* Print what SLOT says about KEY; NULL: DEF. */
static void print_slot(FILE *out, const struct conf_key *key,
		       const struct conf_slot *slot, const char *def)
{
	bool unused = !slot || !slot->first || !*slot->first->raw;

	if ((key->flags & CONF_SOURCE) && unused)
		return; /* another source is this path's */
	if (!slot) {
		print_default(out, key, def);
		return;
	}
	if (!slot->first) {
		fprintf(out, "; %s:%d\n", slot->where.file, slot->where.line);
		print_value(out, key->name, "");
	}
	for (const struct conf_entry *e = slot->first; e; e = e->next) {
		fprintf(out, "; %s:%d\n", e->where.file, e->where.line);
		print_value(out, key->name, e->raw);
	}
}

/* SECTION is NULL when nothing of CLASS was written. */
static void print_section(FILE *out, const struct conf_sheet *sheet,
			  enum conf_class class, const struct conf_section *section)
{
	if (class == CONF_PATH)
		fprintf(out, "[%s]\n", section->name);
	else
		fprintf(out, "%s\n", conf_class_name(class));
	for (size_t i = 0; i < conf_nkeys; i++)
		if (conf_key_belongs(&conf_keys[i], class))
			print_slot(out, &conf_keys[i],
				   conf_sheet_effective(sheet, section, &conf_keys[i]),
				   conf_sheet_default(sheet, section, &conf_keys[i]));
	fputc('\n', out);
}

void conf_print(const struct conf *c, FILE *out)
{
	for (enum conf_class class = 0; class < CONF_PATH; class ++) {
		const struct conf_section *s = c->sheet->first;

		while (s && s->class != class)
			s = s->next;
		print_section(out, c->sheet, class, s);
	}
	for (const struct conf_section *s = c->sheet->first; s; s = s->next)
		if (s->class == CONF_PATH)
			print_section(out, c->sheet, CONF_PATH, s);
}
