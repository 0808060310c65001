/* SPDX-License-Identifier: MIT */
/*
 * conf_sheet.h - the settings as they were written, section by section, before they
 * become values.
 *
 * A snapshot keeps its sheet, so that -T can print what was written and where.
 */
#ifndef SERVER_CONF_SHEET_H
#define SERVER_CONF_SHEET_H

#include "conf.h"
#include "conf_keys.h"

/* One `key = value`. */
struct conf_entry {
	const char *raw;
	struct conf_origin where;
	struct conf_entry *next;
};

/* What one section says about one key: a scalar has one entry, a list any number. */
struct conf_slot {
	struct conf_origin where; /* of what was written last; file NULL: nothing was */
	const char *alias; /* the name that was written, where it is not the key's own */
	struct conf_entry *first, *last;
};

struct conf_section {
	enum conf_class class;
	char *name;               /* without the brackets */
	struct conf_origin where; /* of the first header */
	const char *last_file;    /* in which a header of it stands */
	struct conf_slot *slots;  /* one for each row of conf_keys[] */
	struct conf_section *next;
	struct conf_section *next_name, *next_line; /* in a chain of the index */
};

#define CONF_SHEET_CHAINS 1024 /* short chains also with 10,000 paths */

struct conf_sheet {
	struct conf_mem *mem;
	struct conf_section *first, *last; /* as they were written */
	struct conf_section *by_name[CONF_SHEET_CHAINS], *by_line[CONF_SHEET_CHAINS];
};

/* Empty, in MEM.  NULL: out of memory, as below. */
struct conf_sheet *conf_sheet_new(struct conf_mem *mem);

/* The section NAME, or NULL. */
struct conf_section *conf_sheet_find(const struct conf_sheet *sheet, const char *name);

/* The section whose first header stands at WHERE, or NULL. */
const struct conf_section *conf_sheet_at(const struct conf_sheet *sheet,
					 struct conf_origin where);

/* The first section of CLASS, or NULL. */
const struct conf_section *conf_sheet_of(const struct conf_sheet *sheet,
					 enum conf_class class);

/* A new section. */
struct conf_section *conf_sheet_add(struct conf_sheet *sheet, enum conf_class class,
				    const char *name, struct conf_origin where);

struct conf_slot *conf_sheet_slot(const struct conf_section *section,
				  const struct conf_key *key);

/* What S says about KEY, else what [defaults], or [tls], says for it; NULL: neither says
 * anything. */
const struct conf_slot *conf_sheet_effective(const struct conf_sheet *sheet,
					     const struct conf_section *section,
					     const struct conf_key *key);

/* The default of KEY in SECTION (NULL: it is not there): compat = websocketd and a
 * session_key can change it. */
const char *conf_sheet_default(const struct conf_sheet *sheet,
			       const struct conf_section *section,
			       const struct conf_key *key);

/* Write `KEY = RAW` into SECTION: a scalar replaces, a list's entry is appended, an empty
 * one clears the list.  0 or -ENOMEM. */
int conf_sheet_write(struct conf_sheet *sheet, struct conf_section *section,
		     const struct conf_key *key, const char *raw,
		     struct conf_origin where);

#endif
