/* SPDX-License-Identifier: MIT */
/* Does an event have a field with a certain value? */
#include <string.h>

#include "log_impl.h"

/* As text has it; a word that is not there is "-". */
static bool field_is(const struct log_field *f, const char *value)
{
	char text[128] = "";
	struct log_out o = { .p = text, .cap = sizeof(text) };

	if (f->type == LOG_WORD || f->type == LOG_TEXT)
		return strcmp(f->value.text ? f->value.text : "-", value) == 0;
	log_out_value(&o, f);
	log_out_end(&o);
	return strcmp(text, value) == 0;
}

/* A path that was too long for WHO has lost its end. */
static bool path_is(struct span path, struct span wanted)
{
	const struct span cut = SPAN("…");

	if (path.n < cut.n || memcmp(path.p + path.n - cut.n, cut.p, cut.n) != 0)
		return span_is(path, wanted);
	path.n -= cut.n;
	return wanted.n >= path.n && memcmp(path.p, wanted.p, path.n) == 0;
}

bool log_event_has(const char *who, const struct log_event *e, const char *name,
		   const char *value)
{
	struct span wanted = { value, strlen(value) }, id, path;

	log_split_who(who, &id, &path);
	if (strcmp(name, "event") == 0)
		return e->name && strcmp(e->name, value) == 0;
	if (strcmp(name, "path") == 0)
		return path_is(path, wanted);
	if (strcmp(name, "id") == 0)
		return id.n > 1 && span_is((struct span){ id.p + 1, id.n - 1 }, wanted);
	for (size_t i = 0; i < e->nfields; i++)
		if (strcmp(e->fields[i].name, name) == 0)
			return field_is(&e->fields[i], value);
	return false;
}
