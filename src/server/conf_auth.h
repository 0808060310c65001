/* SPDX-License-Identifier: MIT */
/* conf_auth.h - what follows from the settings of the [auth NAME] sections, and whom the
 * paths mean by them. */
#ifndef SERVER_CONF_AUTH_H
#define SERVER_CONF_AUTH_H

#include "conf_apply.h"

/* Check the settings of each [auth NAME] together, and read its file. */
void conf_settle_auth(struct conf_load *l);

/* The section [auth NAME].  NULL: NAME is NULL, or there is no such section, which is
 * reported as an error AT. */
const struct auth_conf *conf_auth_find(struct conf_load *l, const char *name,
				       struct conf_origin at);

/* Find the one that PATH asks for. */
void conf_settle_path_auth(struct conf_load *l, struct path_conf *path);

#endif
