/* SPDX-License-Identifier: MIT */
/* reload.h - a new configuration under live sessions: all of it, or nothing. */
#ifndef SERVER_RELOAD_H
#define SERVER_RELOAD_H

#include "server.h"

/*
 * Read S's file again.  New clients get the new paths, limits and listeners; live
 * sessions keep what they began with.  On errors nothing changes, and the log has every
 * one of them.  Is it taken?  Its errors and warnings, each a line, are *ret_text, yours,
 * or NULL; RET_TEXT may be NULL.
 */
bool reload(struct server *s, char **ret_text);

/* Take CONF (which is given away) in place of S's configuration; not: *ret_text has the
 * errors as above (what it was is freed). */
bool reload_take(struct server *s, struct conf *conf, char **ret_text);

#endif
