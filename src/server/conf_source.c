/* SPDX-License-Identifier: MIT */
/* What is behind a path: exactly one source, and only keys that mean something for it. */
#include <stdio.h>

#include "conf_source.h"

#define NAMES_TEXT 200 /* room for the names of all sources */

static bool names_source(const struct conf_section *section, const struct conf_key *key)
{
	const struct conf_slot *slot = conf_sheet_slot(section, key);

	return key->flags & CONF_SOURCE && slot->first && *slot->first->raw;
}

const struct conf_key *conf_source_find(const struct conf_section *section)
{
	for (size_t i = 0; i < conf_nkeys; i++)
		if (names_source(section, &conf_keys[i]))
			return &conf_keys[i];
	return NULL;
}

bool conf_source_takes(const struct conf_key *source, const struct conf_key *key)
{
	return !source || key->kinds == 0 || key->flags & CONF_SOURCE ||
	       key->kinds & 1u << source->source;
}

/* "exec, shell or connect": the sources whose kinds are among KINDS (0: all). */
static const char *names_of(unsigned kinds, char *out)
{
	const struct conf_key *last = NULL;
	size_t n = 0;

	*out = 0;
	for (size_t i = 0; i <= conf_nkeys && n < NAMES_TEXT; i++) {
		const struct conf_key *key = i < conf_nkeys ? &conf_keys[i] : NULL;

		if (key && !(key->flags & CONF_SOURCE &&
			     (kinds == 0 || kinds & 1u << key->source)))
			continue;
		if (last)
			n += (size_t)snprintf(out + n, NAMES_TEXT - n, "%s%s",
					      n == 0 ? ""
					      : key  ? ", "
						     : " or ",
					      last->name);
		last = key;
	}
	return out;
}

static void check_keys(struct conf_load *l, const struct conf_section *section,
		       const struct conf_key *source)
{
	char names[NAMES_TEXT];

	for (size_t i = 0; i < conf_nkeys; i++) {
		const struct conf_key *key = &conf_keys[i];
		const struct conf_slot *slot = conf_sheet_slot(section, key);

		if (slot->where.file && !conf_source_takes(source, key))
			conf_error(&l->report, slot->where,
				   "%s means nothing with %s; it goes with %s", key->name,
				   source->name, names_of(key->kinds, names));
	}
}

/* What is read and what is written are two FIFOs, and one source. */
static bool are_one(const struct conf_key *a, const struct conf_key *b)
{
	return a->source == SOURCE_FIFO && b->source == SOURCE_FIFO;
}

static void settle_fifo(struct path_conf *path)
{
	path->session.write &= path->fifo.write != NULL;
	path->eof = EOF_NO;
}

static void settle_file(struct path_conf *path)
{
	path->session.write = false;
	path->eof = EOF_NO;
	if (path->frame == FRAME_OF(FRAMING_RAW) && !path->file.follow)
		path->frame = FRAME_OF(FRAMING_WHOLE);
}

/* Its messages never lie in bytes of somebody else's: nothing about those is asked. */
static void settle_echo(struct path_conf *path)
{
	path->hub.framing = (struct framing_conf){ 0 };
	path->frame = FRAME_OF(FRAMING_MESSAGE);
	if (path->eof == EOF_AUTO)
		path->eof = EOF_NO; /* an empty message comes back, too */
}

/* It is what its clients have in common. */
static void settle_channel(struct path_conf *path)
{
	settle_echo(path);
	path->eof = EOF_NO;
	path->hub.process = PROCESS_SHARED;
}

/* What follows from the kind. */
static void (*const settle[])(struct path_conf *path) = {
	[SOURCE_FIFO] = settle_fifo,
	[SOURCE_FILE] = settle_file,
	[SOURCE_ECHO] = settle_echo,
	[SOURCE_CHANNEL] = settle_channel,
};

void conf_source_settle(struct conf_load *l, const struct conf_section *section,
			struct path_conf *path)
{
	const struct conf_key *found = conf_source_find(section);
	char names[NAMES_TEXT];

	if (!found) {
		conf_error(&l->report, section->where, "[%s] has no source: it needs %s",
			   section->name, names_of(0, names));
		return;
	}
	for (const struct conf_key *key = found + 1; key < conf_keys + conf_nkeys; key++)
		if (names_source(section, key) && !are_one(found, key))
			conf_error(&l->report, conf_sheet_slot(section, key)->where,
				   "[%s] has two sources: %s and %s", section->name,
				   found->name, key->name);
	path->source = found->source;
	check_keys(l, section, found);
	if (path->source < sizeof(settle) / sizeof(*settle) && settle[path->source])
		settle[path->source](path);
}
