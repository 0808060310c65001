/* SPDX-License-Identifier: MIT */
/* conf_source.h - what is behind a path: exactly one source, and only keys that mean
 * something for it. */
#ifndef SERVER_CONF_SOURCE_H
#define SERVER_CONF_SOURCE_H

#include "conf_apply.h"

/* The key with CONF_SOURCE that SECTION names first, or NULL. */
const struct conf_key *conf_source_find(const struct conf_section *section);

/* Does KEY mean something for a path whose source is SOURCE (NULL: nobody knows)? */
bool conf_source_takes(const struct conf_key *source, const struct conf_key *key);

/* Tell PATH what its SECTION says of its source, and report what is wrong with that. */
void conf_source_settle(struct conf_load *l, const struct conf_section *section,
			struct path_conf *path);

#endif
