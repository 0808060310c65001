/* SPDX-License-Identifier: MIT */
/* command_settings.h - settings by their names, for the commands get, set and keys. */
#ifndef SERVER_COMMAND_SETTINGS_H
#define SERVER_COMMAND_SETTINGS_H

#include "command.h"
#include "conf_alias.h"

#define SETTING_SECTION 300

/* A setting by its name: "limits.full", "/x.queue", "full", "TcpNoDelay". */
struct setting {
	char section[SETTING_SECTION]; /* without brackets */
	enum conf_class class;
	const struct conf_key *key;
	const struct conf_alias *alias; /* by which it was called, or NULL */
};

/* The setting of C's parameter "key"; false: C has failed. */
bool setting_find(struct call *c, struct setting *ret);

/* Can KEY be changed only in the file?  That holds for all keys of sections with
 * names: certificates, passwords. */
bool setting_is_of_file(const struct conf_key *key);

/* Words for when a change of KEY takes effect; static. */
const char *setting_applies(const struct conf_key *key);

#endif
