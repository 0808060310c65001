/* SPDX-License-Identifier: MIT */
/* The commands that tell of settings, get and keys; how a setting is found by its name.
 */
#include <stdio.h>
#include <string.h>

#include "command_settings.h"
#include "conf_set.h"
#include "conf_sheet.h"
#include "nearest.h"

/* Its row under either name. */
static const struct conf_key *find_key(enum conf_class class, const char *name,
				       const struct conf_alias **ret_alias)
{
	const struct conf_key *key = conf_key_find(class, name);

	*ret_alias = NULL;
	if (!key)
		*ret_alias = conf_alias_find(class, name, &key);
	return key;
}

/* ---- names ---- */

static void offer(const char *name, void *nearest)
{
	nearest_offer(nearest, name);
}

static void unknown(struct call *c, const char *name, enum conf_class class)
{
	const char *meant;
	struct nearest n;

	nearest_init(&n, name);
	for (size_t i = 0; i < conf_nkeys; i++)
		if (class == CONF_CLASS_COUNT || conf_key_belongs(&conf_keys[i], class))
			nearest_offer(&n, conf_keys[i].name);
	for (enum conf_class of = 0; of < CONF_CLASS_COUNT; of++)
		if (class == CONF_CLASS_COUNT || class == of)
			conf_alias_each(of, offer, &n);
	meant = nearest_found(&n);
	call_fail(c, CALL_VALUE, "unknown key '%.60s'%s%s%s", name,
		  meant ? "; did you mean '" : "; keys lists them", meant ? meant : "",
		  meant ? "'?" : "");
}

/* A key without its section: only one of the daemon's may have it. */
static bool find_bare(struct call *c, const char *name, struct setting *ret)
{
	const struct conf_alias *alias;
	const struct conf_key *path = find_key(CONF_PATH, name, &alias);

	ret->key = NULL;
	for (enum conf_class class = 0; class < CONF_DEFAULTS; class ++) {
		const struct conf_key *key = find_key(class, name, &alias);

		if (!key || conf_classes[class].named.size > 0)
			continue;
		if (ret->key) {
			call_fail(c, CALL_VALUE, "'%s' is ambiguous: %s.%s or %s.%s",
				  name, ret->section, name, conf_classes[class].word,
				  name);
			return false;
		}
		ret->key = key;
		ret->alias = alias;
		ret->class = class;
		snprintf(ret->section, SETTING_SECTION, "%s", conf_classes[class].word);
	}
	if (!ret->key && path)
		call_fail(c, CALL_VALUE,
			  "'%s' is a path's: name one, as /x.%s, or defaults.%s", name,
			  name, name);
	else if (!ret->key)
		unknown(c, name, CONF_CLASS_COUNT);
	return ret->key;
}

static bool section_is_there(struct call *c, const struct setting *s)
{
	if (conf_set_can(c->server->routes->conf, s->section))
		return true;
	call_fail(c, CALL_VALUE, "there is no [%.200s] in the file", s->section);
	return false;
}

bool setting_find(struct call *c, struct setting *ret)
{
	const char *name = call_text(c, "key", ""), *dot = strrchr(name, '.');

	if (!dot)
		return find_bare(c, name, ret);
	if (dot - name >= SETTING_SECTION) {
		call_fail(c, CALL_VALUE, "the section's name is too long");
		return false;
	}
	snprintf(ret->section, SETTING_SECTION, "%.*s", (int)(dot - name), name);
	ret->class = conf_class_find(ret->section);
	if (ret->class == CONF_CLASS_COUNT) {
		call_fail(c, CALL_VALUE,
			  "unknown section '%.60s'; keys lists all, a path begins with /",
			  ret->section);
		return false;
	}
	if (!section_is_there(c, ret))
		return false;
	ret->key = find_key(ret->class, dot + 1, &ret->alias);
	if (!ret->key)
		unknown(c, dot + 1, ret->class);
	return ret->key;
}

/* ---- what there is to tell ---- */

bool setting_is_of_file(const struct conf_key *key)
{
	return (key->flags & CONF_FILE) || conf_classes[key->class].named.size > 0;
}

const char *setting_applies(const struct conf_key *key)
{
	if (setting_is_of_file(key))
		return "reload";
	if (key->flags & CONF_RESTART)
		return "restart";
	return key->class == CONF_PATH || key->class == CONF_SOCKET ||
			       key->class == CONF_TLS
		       ? "new-connections"
		       : "now";
}

static json_t *raw_json(const struct conf_key *key, const char *raw)
{
	return call_json_text((key->flags & CONF_SECRET) && *raw ? "***" : raw);
}

/* What SLOT says about KEY (NULL: DEF). */
static json_t *value_of(const struct conf_key *key, const struct conf_slot *slot,
			const char *def)
{
	const struct conf_entry *e = slot ? slot->first : NULL;
	json_t *list;

	if (!(key->flags & CONF_LIST))
		return raw_json(key, e ? e->raw : def);
	list = json_array();
	if (!slot && *def)
		json_array_append_new(list, json_string(def));
	for (; e; e = e->next)
		json_array_append_new(list, raw_json(key, e->raw));
	return list;
}

static json_t *origin_of(const struct conf_slot *slot)
{
	char text[1024];

	if (!slot)
		return json_string("default");
	snprintf(text, sizeof(text), slot->where.line > 0 ? "%s:%d" : "%s",
		 slot->where.file, slot->where.line);
	return call_json_text(text);
}

static void describe(json_t *r, const struct conf_key *key)
{
	const struct conf_alias *alias = conf_alias_of(key);

	json_object_set_new(r, "wsserver",
			    alias ? json_string(alias->name) : json_null());
	json_object_set_new(r, "default", json_string(key->def));
	json_object_set_new(r, "applies", json_string(setting_applies(key)));
	json_object_set_new(r, "values",
			    json_string(key->values ? key->values : "yes or no"));
	json_object_set_new(r, "doc", json_string(key->doc));
}

/* What TEXT, a value or the list of its entries, is for A; null: nothing that it has. */
static json_t *value_for(const struct conf_alias *a, const json_t *value)
{
	char all[CONF_ALIAS_TEXT] = "", out[CONF_ALIAS_TEXT];
	const char *theirs = json_string_value(value);
	const json_t *entry;
	size_t i, n = 0;

	if (!theirs) {
		json_array_foreach(value, i, entry)
			if (n < sizeof(all))
				n += (size_t)snprintf(all + n, sizeof(all) - n, "%s ",
						      json_string_value(entry));
		theirs = n < sizeof(all) ? all : NULL;
	}
	theirs = theirs ? conf_alias_write(a, theirs, out) : NULL;
	return theirs ? call_json_text(theirs) : json_null();
}

/* R tells of a setting; make that WSServer's way of it. */
static void in_its_units(json_t *r, const struct conf_alias *a)
{
	const char *unit = conf_alias_unit(a);

	json_object_set_new(r, "value", value_for(a, json_object_get(r, "value")));
	json_object_set_new(r, "default", value_for(a, json_object_get(r, "default")));
	if (unit)
		json_object_set_new(r, "values", json_string(unit));
}

void command_get(struct call *c)
{
	const struct conf *conf = c->server->routes->conf;
	const struct conf_section *section;
	const struct conf_slot *slot;
	struct setting s;
	char name[SETTING_SECTION + 64];
	json_t *r, *value;

	if (!setting_find(c, &s))
		return;
	section = conf_sheet_find(conf->sheet, s.section);
	slot = conf_sheet_effective(conf->sheet, section, s.key);
	snprintf(name, sizeof(name), "%s.%s", s.section,
		 s.alias ? s.alias->name : s.key->name);
	value = value_of(s.key, slot, conf_sheet_default(conf->sheet, section, s.key));
	r = json_object();
	json_object_set_new(r, "key", call_json_text(name));
	json_object_set_new(r, "value", value);
	json_object_set_new(r, "origin", origin_of(slot));
	describe(r, s.key);
	if (s.alias)
		in_its_units(r, s.alias);
	call_succeed(c, r);
}

/* ---- keys ---- */

void command_keys(struct call *c)
{
	c->at = 0;
	c->state = CALL_ROWS;
}

json_t *command_keys_row(struct call *c, bool *ret_later)
{
	const struct conf_key *key = &conf_keys[c->at];
	json_t *r;

	(void)ret_later; /* there are not many */
	if (c->at == conf_nkeys)
		return NULL;
	c->at++;
	r = json_object();
	json_object_set_new(r, "section", json_string(conf_classes[key->class].title));
	json_object_set_new(r, "key", json_string(key->name));
	describe(r, key);
	return r;
}
