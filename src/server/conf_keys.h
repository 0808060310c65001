/* SPDX-License-Identifier: MIT */
/* conf_keys.h - the table of all settings: parser, check, -T and the manual's key list.
 */
#ifndef SERVER_CONF_KEYS_H
#define SERVER_CONF_KEYS_H

#include <stddef.h>

#include "conf_value.h"

enum conf_class {
	CONF_SERVER,
	CONF_LIMITS,
	CONF_SOCKET,
	CONF_TLS,
	CONF_TLS_NAME, /* takes those of CONF_TLS as well */
	CONF_LOGGING,
	CONF_CONTROL,
	CONF_WEB,
	CONF_HOOKS,
	CONF_AUTH,
	CONF_DEFAULTS, /* no rows of its own: takes those of CONF_PATH but the sources */
	CONF_PATH,
	CONF_CLASS_COUNT,
};

enum conf_flags {
	CONF_LIST = 1,     /* a list: entries append, an empty one clears */
	CONF_EMPTY = 2,    /* may be empty */
	CONF_VERBATIM = 4, /* ${...} is left alone */
	CONF_SOURCE = 8, /* a path's source: each path has exactly one, [defaults] none */
	CONF_SECRET = 16,  /* never printed: *** */
	CONF_FILE = 32,    /* cannot be changed by a control command, with which one could
			      run anything or read any file */
	CONF_RESTART = 64, /* nor by a reload: by a restart only */
	CONF_OWN = 128, /* of CONF_TLS: [tls NAME] does not inherit it from [tls], ... */
	CONF_ALONE = 256, /* ... or cannot have it at all */
};

/* One word of a setting that takes one of a few. */
struct conf_word {
	const char *text; /* NULL ends the list */
	int value;
};

struct conf_key {
	enum conf_class class;
	const char *name;
	conf_parser *parse;
	size_t field; /* offset in struct conf, in struct path_conf for CONF_PATH, or in
		       * the struct of a [word NAME] */
	const char *def;        /* the default, as it would be written; "": none */
	const char *websocketd; /* the default with compat = websocketd; NULL: the same */
	const char *sessions;   /* the default beside a session_key; NULL: the same */
	double min, max;
	unsigned flags;
	const struct conf_word *words;
	unsigned source; /* CONF_SOURCE: the enum source_kind that it stands for */
	unsigned kinds;  /* of sources that the setting of a path means something for, as
			  * bits 1 << enum source_kind; 0: all */
	const char *doc; /* the manual's sentence */
	const char *values;  /* what may be written, for the manual; NULL: yes or no */
	const char *def_doc; /* what an empty default means; NULL: nothing */
};

extern const struct conf_key conf_keys[]; /* grouped by class */
extern const size_t conf_nkeys;

struct conf_class_traits {
	const char *title; /* "[server]", "[auth NAME]", "[/path]": for messages and the
			    * manual */
	size_t base;       /* where its keys' fields are reckoned from, in struct conf */
	const char *word;  /* the section's name, or what it begins with; NULL: a path */
	struct {
		size_t size; /* of its struct, which begins with a struct conf_named;
			      * 0: there is one [word] alone */
		size_t list, count; /* offsets in struct conf: of a pointer to an array of
				     * them, and of its length (size_t) */
		size_t begins_as;   /* offset of the struct that each starts as a copy of;
				       0: none */
		bool unnamed;       /* it may also stand as [word] */
	} named;                    /* there may be many: [word NAME] */
};

extern const struct conf_class_traits conf_classes[CONF_CLASS_COUNT];

/* The class of the section NAME; CONF_CLASS_COUNT: there is none such. */
enum conf_class conf_class_find(const char *name);

/* The class that has NAME's first word, whatever follows it. */
enum conf_class conf_class_of_word(const char *name);

/* The row of a setting NAME in a section of CLASS, or NULL. */
const struct conf_key *conf_key_find(enum conf_class class, const char *name);

/* May KEY stand in a section of CLASS? */
bool conf_key_belongs(const struct conf_key *key, enum conf_class class);

#endif
