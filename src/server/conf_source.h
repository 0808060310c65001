/* SPDX-License-Identifier: MIT */
/* conf_source.h - checks what is behind a path: exactly one source, and only keys that
 * have an effect with it. */
#ifndef SERVER_CONF_SOURCE_H
#define SERVER_CONF_SOURCE_H

#include "conf_apply.h"

/* The key with CONF_SOURCE that SECTION names first, or NULL. */
const struct conf_key *conf_source_find(const struct conf_section *section);

/* Has KEY an effect in a path whose source is SOURCE (NULL: not known)? */
bool conf_source_takes(const struct conf_key *source, const struct conf_key *key);

/* Fill in the source of PATH from its SECTION, and report what is wrong with it. */
void conf_source_settle(struct conf_load *l, const struct conf_section *section,
			struct path_conf *path);

#endif
