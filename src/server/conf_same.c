/* SPDX-License-Identifier: MIT */
/* Is what is behind a path the same in two snapshots? */
#include <string.h>

#include "conf_keys.h"
#include "conf_same.h"
#include "conf_sheet.h"

#define PATH(member) offsetof(struct path_conf, member)

/* A path of a snapshot, and where it is written. */
struct written {
	const struct conf_sheet *sheet;
	const struct conf_section *section;
	const struct path_conf *path;
};

static struct written find(const struct conf *c, const struct path_conf *path)
{
	return (struct written){ c->sheet, conf_sheet_at(c->sheet, path->where), path };
}

/* Is the setting about clients only, whoever is behind the path? */
static bool is_of_clients(const struct conf_key *key)
{
	size_t at = key->field;

	if (at == PATH(session.queue) || at == PATH(session.ws.max_message))
		return false; /* the hub has them, too */
	return at == PATH(auth_name) || at == PATH(subprotocol) ||
	       (at >= PATH(access) && at < PATH(access) + sizeof(struct access_conf)) ||
	       (at >= PATH(session) && at < PATH(session) + sizeof(struct session_conf));
}

/* The entries of KEY, of which a scalar has one. */
static const struct conf_entry *entries(const struct written *w,
					const struct conf_key *key,
					struct conf_entry *usual)
{
	const struct conf_slot *slot = conf_sheet_effective(w->sheet, w->section, key);

	if (slot)
		return slot->first;
	*usual = (struct conf_entry){ .raw = (char *)conf_sheet_default(
					      w->sheet, w->section, key) };
	return usual;
}

static bool same_value(const struct written *v, const struct written *w,
		       const struct conf_key *key)
{
	struct conf_entry usual[2];
	const struct conf_entry *x = entries(v, key, &usual[0]);
	const struct conf_entry *y = entries(w, key, &usual[1]);

	for (; x && y; x = x->next, y = y->next)
		if (strcmp(x->raw, y->raw) != 0)
			return false;
	return !x && !y;
}

static bool same_texts(char **x, char **y)
{
	for (; x && y && *x && *y; x++, y++)
		if (strcmp(*x, *y) != 0)
			return false;
	return !(x && *x) && !(y && *y);
}

bool conf_same_backend(const struct conf *a, const struct path_conf *p,
		       const struct conf *b, const struct path_conf *q)
{
	struct written v = find(a, p), w = find(b, q);

	for (size_t i = 0; i < conf_nkeys; i++) {
		const struct conf_key *key = &conf_keys[i];

		if (key->class == CONF_PATH && !is_of_clients(key) &&
		    !same_value(&v, &w, key))
			return false;
	}
	return same_texts(p->exec.env, q->exec.env); /* ${file:} may say something else */
}
