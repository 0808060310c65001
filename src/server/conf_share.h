/* SPDX-License-Identifier: MIT */
/* conf_share.h - what it means for a path's settings that clients share what is behind
 * it.
 */
#ifndef SERVER_CONF_SHARE_H
#define SERVER_CONF_SHARE_H

#include "conf_apply.h"
#include "conf_keys.h"
#include "conf_sheet.h"

/* Complete PATH, written in SECTION, and report what does not go together. */
void conf_share_settle(struct conf_load *l, const struct conf_section *section,
		       struct path_conf *path);

/* Does KEY mean something in SECTION, a path's, as its process is? */
bool conf_share_takes(const struct conf_sheet *sheet, const struct conf_section *section,
		      const struct conf_key *key);

#endif
