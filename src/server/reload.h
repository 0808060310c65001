/* SPDX-License-Identifier: MIT */
/*
 * reload.h - a new configuration under live sessions: all of it, or nothing.
 *
 * It is read and checked beside the loop, which goes on meanwhile; then the loop takes
 * it.  One that is asked for while another one is under way waits for it.
 */
#ifndef SERVER_RELOAD_H
#define SERVER_RELOAD_H

#include "conf_keys.h"
#include "server.h"

/* The outcome: whether the new configuration was TAKEN, and TEXT, its errors and
 * warnings, one a line, valid during the call; NULL: no memory for them. */
typedef void reload_told(void *data, bool taken, const char *text);

/*
 * Read S's file again.  New clients get the new paths, limits and listeners; live
 * sessions keep what they began with.  On errors nothing changes, and the log has every
 * one of them.  Then TOLD (or NULL) is called with DATA, once, maybe before this returns.
 * False: out of memory, or the daemon ends, and nothing comes of it.
 */
bool reload(struct server *s, reload_told *told, void *data);

/* The same with S's configuration as it is by then, but with KEY = VALUE in [SECTION];
 * nothing of it is logged. */
bool reload_set(struct server *s, const char *section, const struct conf_key *key,
		const char *value, reload_told *told, void *data);

/* The daemon ends: no configuration is taken any more.  False: one is still being
 * read, by a thread that goes on. */
bool reload_end(struct server *s);

#endif
