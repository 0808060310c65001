/* SPDX-License-Identifier: MIT */
/* conf_share.h - the settings of a path whose clients share a hub: defaults, and what
 * does not go together. */
#ifndef SERVER_CONF_SHARE_H
#define SERVER_CONF_SHARE_H

#include "conf_apply.h"
#include "conf_keys.h"
#include "conf_sheet.h"

/* Complete PATH, written in SECTION, and report what does not go together. */
void conf_share_settle(struct conf_load *l, const struct conf_section *section,
		       struct path_conf *path);

/* Does KEY have an effect in the path SECTION, given its `process`? */
bool conf_share_takes(const struct conf_sheet *sheet, const struct conf_section *section,
		      const struct conf_key *key);

#endif
