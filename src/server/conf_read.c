/* SPDX-License-Identifier: MIT */
/* Ini files -> the sheet of what was written. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "conf_alias.h"
#include "conf_expand.h"
#include "conf_read.h"
#include "file.h"
#include "ini_lines.h"
#include "nearest.h"

struct reading {
	struct conf_sheet *sheet;
	struct conf_report *report;
	const char *file;
	struct conf_section *section;              /* that settings go to */
	enum { NO_SECTION, KNOWN, UNKNOWN } state; /* UNKNOWN: they are skipped */
	int status;                                /* 0 or -ENOMEM */
};

static struct conf_origin at(const struct reading *r, int line)
{
	return (struct conf_origin){ r->file, line };
}

/* ---- sections ---- */

static void unknown_section(struct reading *r, const char *name, int line)
{
	char bracketed[NEAREST_MAX + 8];
	enum conf_class class = conf_class_of_word(name);
	const char *meant;
	struct nearest n;

	if (class < CONF_PATH && conf_classes[class].named.size > 0) {
		conf_error(r->report, at(r, line),
			   "[%s] is no %s; NAME is up to 40 letters, digits, _ - or .",
			   name, conf_classes[class].title);
		return;
	}
	snprintf(bracketed, sizeof(bracketed), "[%.*s]", NEAREST_MAX, name);
	nearest_init(&n, bracketed);
	for (unsigned c = 0; c < CONF_PATH; c++)
		nearest_offer(&n, conf_classes[c].title);
	meant = nearest_found(&n);
	if (meant)
		conf_error(r->report, at(r, line),
			   "unknown section [%s]; did you mean %s?", name, meant);
	else
		conf_error(r->report, at(r, line),
			   "unknown section [%s]; a path begins with /", name);
}

static void on_section(void *arg, const char *name, int line)
{
	struct reading *r = arg;
	enum conf_class class = conf_class_find(name);

	r->state = UNKNOWN;
	if (class == CONF_CLASS_COUNT) {
		unknown_section(r, name, line);
		return;
	}
	r->section = conf_sheet_find(r->sheet, name);
	if (r->section && r->section->last_file == r->file)
		conf_error(r->report, at(r, line), "[%s] stands there twice", name);
	if (!r->section)
		r->section = conf_sheet_add(r->sheet, class, name, at(r, line));
	if (!r->section) {
		r->status = -ENOMEM;
		return;
	}
	r->section->last_file = r->file;
	r->state = KNOWN;
}

/* ---- settings ---- */

/* The row of NAME in whatever section, a path's if it has one; or NULL. */
static const struct conf_key *find_elsewhere(const char *name)
{
	for (size_t i = conf_nkeys; i-- > 0;) /* those of paths come last */
		if (strcmp(conf_keys[i].name, name) == 0)
			return &conf_keys[i];
	return NULL;
}

static void offer(const char *name, void *nearest)
{
	nearest_offer(nearest, name);
}

static void unknown_key(struct reading *r, const char *name, int line)
{
	const struct conf_alias *alias = conf_alias_find_anywhere(name);
	const struct conf_key *elsewhere =
		alias ? conf_key_find(alias->class, alias->key) : find_elsewhere(name);
	enum conf_class class = r->section->class;
	const char *meant;
	struct nearest n;

	nearest_init(&n, name);
	conf_alias_each(class, offer, &n);
	for (size_t i = 0; i < conf_nkeys; i++)
		if (conf_key_belongs(&conf_keys[i], class))
			nearest_offer(&n, conf_keys[i].name);
	meant = nearest_found(&n);
	if (elsewhere)
		conf_error(r->report, at(r, line),
			   "unknown key '%s' in [%s]; it belongs to %s", name,
			   r->section->name, conf_classes[elsewhere->class].title);
	else if (meant)
		conf_error(r->report, at(r, line),
			   "unknown key '%s' in [%s]; did you mean '%s'?", name,
			   r->section->name, meant);
	else
		conf_error(r->report, at(r, line), "unknown key '%s' in [%s]", name,
			   r->section->name);
}

/* It stands in the section already, under this name or another.  False: that is said. */
static bool is_first(struct reading *r, const struct conf_key *key, const char *alias,
		     int line)
{
	const struct conf_slot *slot = conf_sheet_slot(r->section, key);
	const char *name = alias ? alias : key->name;
	const char *first = slot->alias ? slot->alias : key->name;
	bool many = (key->flags & CONF_LIST) && !alias && !slot->alias;

	if (many || slot->where.file != r->file)
		return true;
	if (strcmp(name, first) == 0)
		conf_error(r->report, at(r, line),
			   "%s stands there twice (first in line %d)", name,
			   slot->where.line);
	else
		conf_error(
			r->report, at(r, line),
			"%s and %s (line %d) are the same setting; one of them can stand "
			"there",
			name, first, slot->where.line);
	return false;
}

/*
 * RAW of ALIAS with its ${env:...} replaced, whose value is in the alias's unit; NULL:
 * that is said.  What stands for a secret, or could be replaced a second time, stays as
 * it is: of text it is replaced later, and no number is a secret.
 */
static const char *expanded(struct reading *r, const struct conf_alias *alias,
			    const char *raw, int line)
{
	char wrong[CONF_EXPAND_ERR];
	const char *value;
	int status;

	if (!strstr(raw, "${") || conf_expand_is_secret(raw))
		return raw;
	status = conf_expand(r->sheet->mem, raw, &value, wrong);
	if (status == 0)
		return strstr(value, "${") ? raw : value;
	if (status == -EINVAL)
		conf_error(r->report, at(r, line), "%s: %s", alias->name, wrong);
	else
		r->status = status;
	return NULL;
}

/* KEY = RAW, or as ALIAS has it. */
static void write_setting(struct reading *r, const struct conf_key *key,
			  const struct conf_alias *alias, const char *raw, int line)
{
	char out[CONF_ALIAS_TEXT], wrong[CONF_ALIAS_ERR];
	const char *value = alias ? expanded(r, alias, raw, line) : raw;

	if (!value)
		return;
	if (alias) {
		value = conf_alias_read(alias, key, value, out, wrong);
		if (!value) {
			conf_error(r->report, at(r, line), "%s%s", wrong,
				   conf_value_hint(raw));
			return;
		}
		if (key->flags & CONF_LIST) /* it says all of it */
			r->status = conf_sheet_write(r->sheet, r->section, key, "",
						     at(r, line));
	}
	if (r->status == 0)
		r->status =
			conf_sheet_write(r->sheet, r->section, key, value, at(r, line));
	conf_sheet_slot(r->section, key)->alias = alias ? alias->name : NULL;
}

static void on_setting(void *arg, const char *name, const char *value, int line)
{
	struct reading *r = arg;
	const struct conf_alias *alias = NULL;
	const struct conf_key *key;

	if (r->state == NO_SECTION)
		conf_error(r->report, at(r, line),
			   "'%s' stands before the first [section]", name);
	if (r->state != KNOWN || r->status < 0)
		return;
	key = conf_key_find(r->section->class, name);
	if (!key)
		alias = conf_alias_find(r->section->class, name, &key);
	if (!key)
		unknown_key(r, name, line);
	else if (is_first(r, key, alias ? alias->name : NULL, line))
		write_setting(r, key, alias, value, line);
}

static void on_error(void *arg, const char *text, int line)
{
	struct reading *r = arg;

	conf_error(r->report, at(r, line), "%s", text);
}

int conf_read_text(struct conf_sheet *sheet, struct conf_report *report, const char *file,
		   const char *text, size_t n)
{
	static const struct ini_sink sink = { on_section, on_setting, on_error };
	struct reading r = { .sheet = sheet, .report = report, .file = file };
	int status = ini_read(text, n, &sink, &r);

	return status < 0 ? status : r.status;
}

/* ---- files ---- */

static int read_file(struct conf_sheet *sheet, struct conf_report *report,
		     const char *file)
{
	const char *name = conf_mem_text(sheet->mem, file, strlen(file));
	struct buf b = { 0 };
	int r = name ? file_read(file, SIZE_MAX, &b) : -ENOMEM;

	if (r == 0)
		r = conf_read_text(sheet, report, name, buf_head(&b), buf_len(&b));
	buf_free(&b);
	return r;
}

static int is_dropin(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return *e->d_name != '.' && n > 4 && strcmp(e->d_name + n - 4, ".ini") == 0;
}

static int c_order(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* X.d for X.ini or X; yours. */
static char *dropin_directory(const char *file)
{
	size_t n = strlen(file);
	char *dir;

	if (n > 4 && strcmp(file + n - 4, ".ini") == 0)
		n -= 4;
	return asprintf(&dir, "%.*s.d", (int)n, file) < 0 ? NULL : dir;
}

static int read_dropin(struct conf_sheet *sheet, struct conf_report *report,
		       const char *dir, const char *name)
{
	char *file;
	int r;

	if (asprintf(&file, "%s/%s", dir, name) < 0)
		return -ENOMEM;
	r = read_file(sheet, report, file);
	if (r < 0 && r != -ENOMEM) {
		conf_error(report, (struct conf_origin){ file, 0 }, "%s", file_error(r));
		r = 0;
	}
	free(file);
	return r;
}

static int read_dropins(struct conf_sheet *sheet, struct conf_report *report,
			const char *dir)
{
	struct dirent **entries;
	int n = scandir(dir, &entries, is_dropin, c_order);
	int r = 0;

	if (n < 0 && errno != ENOENT && errno != ENOTDIR)
		conf_error(report, (struct conf_origin){ dir, 0 }, "%m");
	for (int i = 0; i < n; i++) {
		if (r == 0)
			r = read_dropin(sheet, report, dir, entries[i]->d_name);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return r;
}

int conf_read_files(struct conf_sheet *sheet, struct conf_report *report,
		    const char *file)
{
	char *dir = dropin_directory(file);
	int r = dir ? read_file(sheet, report, file) : -ENOMEM;

	if (r == 0)
		r = read_dropins(sheet, report, dir);
	free(dir);
	return r;
}
