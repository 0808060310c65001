/* SPDX-License-Identifier: MIT */
/* Prints every effective key with its origin as a valid ini. */
#include <string.h>

#include "conf_alias.h"
#include "conf_keys.h"
#include "conf_share.h"
#include "conf_sheet.h"
#include "conf_source.h"

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

struct printing {
	FILE *out;
	enum conf_names names;
};

/* KEY = RAW, or as WSServer has it. */
static void print_setting(const struct printing *p, const struct conf_key *key,
			  const char *raw)
{
	const struct conf_alias *a =
		p->names == CONF_NAMES_WSSERVER ? conf_alias_of(key) : NULL;
	char out[CONF_ALIAS_TEXT];
	const char *theirs = a ? conf_alias_write(a, raw, out) : NULL;

	print_value(p->out, theirs ? a->name : key->name, theirs ? theirs : raw);
}

static void print_default(const struct printing *p, const struct conf_key *key,
			  const char *def)
{
	if (def == key->sessions)
		fprintf(p->out, "; default with session_key\n");
	else if (def != key->def)
		fprintf(p->out, "; default with compat = websocketd\n");
	else if (key->def_doc)
		fprintf(p->out, "; default: %s\n", key->def_doc);
	else
		fprintf(p->out, "; default\n");
	print_setting(p, key, def);
}

/* A list of which WSServer makes one value; false: it cannot. */
static bool print_joined(const struct printing *p, const struct conf_key *key,
			 const struct conf_slot *slot)
{
	const struct conf_alias *a = conf_alias_of(key);
	char all[CONF_ALIAS_TEXT] = "", out[CONF_ALIAS_TEXT];
	const char *theirs;
	size_t n = 0;

	if (p->names != CONF_NAMES_WSSERVER || !a || !(key->flags & CONF_LIST))
		return false;
	for (const struct conf_entry *e = slot->first; e && n < sizeof(all); e = e->next)
		n += (size_t)snprintf(all + n, sizeof(all) - n, "%s ", e->raw);
	theirs = n < sizeof(all) ? conf_alias_write(a, all, out) : NULL;
	if (theirs) {
		fprintf(p->out, "; %s:%d\n", slot->where.file, slot->where.line);
		print_value(p->out, a->name, theirs);
	}
	return theirs;
}

/* Print what SLOT says about KEY; NULL: DEF. */
static void print_slot(const struct printing *p, const struct conf_key *key,
		       const struct conf_slot *slot, const char *def)
{
	FILE *out = p->out;
	bool unused = !slot || !slot->first || !*slot->first->raw;

	if ((key->flags & CONF_SOURCE) && unused)
		return; /* another source is this path's */
	if (!slot) {
		print_default(p, key, def);
		return;
	}
	if (print_joined(p, key, slot))
		return;
	if (!slot->first) {
		fprintf(out, "; %s:%d\n", slot->where.file, slot->where.line);
		print_value(out, key->name, "");
	}
	for (const struct conf_entry *e = slot->first; e; e = e->next) {
		fprintf(out, "; %s:%d\n", e->where.file, e->where.line);
		print_setting(p, key,
			      key->flags & CONF_SECRET && *e->raw ? "***" : e->raw);
	}
}

/* SECTION is NULL when nothing of CLASS was written. */
static void print_section(const struct printing *p, const struct conf_sheet *sheet,
			  enum conf_class class, const struct conf_section *section)
{
	const struct conf_key *source = section ? conf_source_find(section) : NULL;

	fprintf(p->out, "[%s]\n", section ? section->name : conf_classes[class].word);
	for (size_t i = 0; i < conf_nkeys; i++)
		if (conf_key_belongs(&conf_keys[i], class) &&
		    conf_source_takes(source, &conf_keys[i]) &&
		    (class != CONF_PATH ||
		     conf_share_takes(sheet, section, &conf_keys[i])))
			print_slot(p, &conf_keys[i],
				   conf_sheet_effective(sheet, section, &conf_keys[i]),
				   conf_sheet_default(sheet, section, &conf_keys[i]));
	fputc('\n', p->out);
}

void conf_print(const struct conf *c, enum conf_names names, FILE *out)
{
	const struct printing p = { out, names };

	for (enum conf_class class = 0; class < CONF_CLASS_COUNT; class ++) {
		const struct conf_section *s = conf_sheet_of(c->sheet, class);
		bool many = class == CONF_PATH || conf_classes[class].named.size > 0;

		if (!s && (!many || conf_classes[class].named.unnamed))
			print_section(&p, c->sheet, class, NULL);
		for (; s; s = many ? s->next : NULL)
			if (s->class == class)
				print_section(&p, c->sheet, class, s);
	}
}
