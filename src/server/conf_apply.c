/* SPDX-License-Identifier: MIT */
/* Gives the structs of a snapshot what the sheet says. */
#include <errno.h>
#include <string.h>

#include "conf_apply.h"
#include "conf_expand.h"

/* ---- one setting ---- */

/* What the parser said is wrong with RAW, unless that would show a secret.  NAME is how
 * it is called there. */
static void wrong_value(struct conf_load *l, const struct conf_key *key, const char *name,
			const char *raw, struct conf_origin where, const char *wrong)
{
	if (conf_expand_is_secret(raw) && !(key->flags & CONF_VERBATIM))
		conf_error(&l->report, where, "%s = %s is not valid once it is expanded",
			   name, raw);
	else if (name != key->name)
		conf_error(&l->report, where, "%s: %s%s", name, wrong,
			   conf_value_hint(raw));
	else
		conf_error(&l->report, where, "%s%s", wrong, conf_value_hint(raw));
}

/* Must there be more than TEXT, which RAW of KEY has become?  A list is emptied by an
 * entry without anything; one that turns out to be nothing would allow whatever it is to
 * limit. */
static bool lacks_value(const struct conf_key *key, const char *text)
{
	if (key->flags & CONF_LIST)
		return !text[strspn(text, CONF_BLANKS)];
	return !*text && !(key->flags & CONF_EMPTY);
}

/* Parse RAW, which stands there under NAME, into FIELD; NULL empties a list. */
static void apply_value(struct conf_load *l, const struct conf_key *key, const char *name,
			void *field, const char *raw, struct conf_origin where)
{
	char err[CONF_VALUE_ERR], wrong[CONF_EXPAND_ERR];
	struct conf_value v = { key, raw, field, where, l->conf->mem, err };
	int r = 0;

	if (raw && !(key->flags & CONF_VERBATIM))
		r = conf_expand(l->conf->mem, raw, &v.text, wrong);
	if (r == -EINVAL) {
		conf_error(&l->report, where, "%s: %s", name, wrong);
		return;
	}
	if (r == 0 && v.text && lacks_value(key, v.text)) {
		conf_error(&l->report, where, "%s needs a value", name);
		return;
	}
	if (r == 0)
		r = key->parse(&v);
	if (r == -EINVAL)
		wrong_value(l, key, name, raw, where, err);
	if (r == -ENOMEM)
		l->status = r;
}

/* Give KEY in BASE what SLOT says, or DEF when that is NULL or an empty list. */
static void apply_slot(struct conf_load *l, const struct conf_key *key, void *base,
		       const struct conf_slot *slot, const char *def)
{
	const struct conf_origin nowhere = { l->conf->file, 0 };
	void *field = (char *)base + key->field;
	const struct conf_entry *e = slot ? slot->first : NULL;
	const char *name = slot && slot->alias ? slot->alias : key->name;
	bool list = key->flags & CONF_LIST;

	if (list)
		apply_value(l, key, name, field, NULL, nowhere);
	if (!e && (!list || *def))
		apply_value(l, key, name, field, def, nowhere);
	for (; e; e = e->next)
		apply_value(l, key, name, field, e->raw, e->where);
}

/* ---- sections ---- */

void conf_apply_whole(struct conf_load *l, enum conf_class class,
		      const struct conf_section *section, void *base)
{
	for (size_t i = 0; i < conf_nkeys; i++) {
		const struct conf_key *key = &conf_keys[i];
		const struct conf_slot *slot =
			section ? conf_sheet_slot(section, key) : NULL;

		if (conf_key_belongs(key, class))
			apply_slot(l, key, base, slot && slot->where.file ? slot : NULL,
				   key->def);
	}
}

void conf_apply_over(struct conf_load *l, const struct conf_section *section, void *base)
{
	for (size_t i = 0; i < conf_nkeys; i++) {
		const struct conf_slot *slot = conf_sheet_slot(section, &conf_keys[i]);

		if (slot->where.file)
			apply_slot(l, &conf_keys[i], base, slot, conf_keys[i].def);
	}
}

void conf_apply_dependent(struct conf_load *l, const struct conf_section *section,
			  void *base)
{
	const struct conf_sheet *sheet = l->conf->sheet;

	for (size_t i = 0; i < conf_nkeys; i++) {
		const struct conf_key *key = &conf_keys[i];

		if ((key->websocketd || key->sessions) &&
		    !conf_sheet_effective(sheet, section, key))
			apply_slot(l, key, base, NULL,
				   conf_sheet_default(sheet, section, key));
	}
}

/* ---- sections with a name of their own ---- */

static size_t count(const struct conf_sheet *sheet, enum conf_class class)
{
	size_t n = 0;

	for (const struct conf_section *s = sheet->first; s; s = s->next)
		n += s->class == class;
	return n;
}

/* What is not written comes from what each begins as, else from the defaults. */
static void apply_named(struct conf_load *l, enum conf_class class,
			const struct conf_section *s, void *each)
{
	for (size_t i = 0; i < conf_nkeys; i++) {
		const struct conf_key *key = &conf_keys[i];
		const struct conf_slot *slot = conf_sheet_slot(s, key);

		if (!conf_key_belongs(key, class))
			continue;
		if (slot->where.file)
			apply_slot(l, key, each, slot, key->def);
		else if (key->class == class || key->flags & CONF_OWN)
			apply_slot(l, key, each, NULL, key->def);
	}
}

void conf_apply_named(struct conf_load *l, enum conf_class class)
{
	const struct conf_class_traits *traits = &conf_classes[class];
	const struct conf_sheet *sheet = l->conf->sheet;
	size_t n = count(sheet, class);
	char *each = conf_mem_alloc(l->conf->mem, (n + 1) * traits->named.size);

	if (!each) {
		l->status = -ENOMEM;
		return;
	}
	memcpy((char *)l->conf + traits->named.list, &each, sizeof(each));
	memcpy((char *)l->conf + traits->named.count, &n, sizeof(n));
	for (const struct conf_section *s = sheet->first; s; s = s->next) {
		if (s->class != class)
			continue;
		if (traits->named.begins_as)
			memcpy(each, (char *)l->conf + traits->named.begins_as,
			       traits->named.size);
		*(struct conf_named *)each = (struct conf_named){
			.name = s->name + strcspn(s->name, " ") +
				(strchr(s->name, ' ') != NULL),
			.where = s->where,
		};
		apply_named(l, class, s, each);
		each += traits->named.size;
	}
}
