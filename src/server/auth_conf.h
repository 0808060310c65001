/* SPDX-License-Identifier: MIT */
/* auth_conf.h - one [auth NAME]: who may open the paths that name it. */
#ifndef SERVER_AUTH_CONF_H
#define SERVER_AUTH_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "conf_named.h"

#define TOKEN_HASH 32 /* bytes of SHA-256 */

#define AUTH_TIMEOUT 5 /* seconds, and ... */
#define AUTH_RUNNING 8 /* ... programs, unless they are set */

enum auth_type { AUTH_NONE, AUTH_HTPASSWD, AUTH_TOKEN, AUTH_EXEC };

struct auth_user {
	char *name, *hash; /* as crypt(3) has it */
	int line;
};

struct auth_token {
	unsigned char hash[TOKEN_HASH];
	char *name;
	struct auth_token *next;
};

struct auth_conf {
	struct conf_named head;
	enum auth_type type;
	char *realm;             /* the section's name unless it is set */
	char *file;              /* AUTH_HTPASSWD: the file of the users */
	char *tokens;            /* AUTH_TOKEN: a file of further tokens; or NULL */
	bool query;              /* AUTH_TOKEN, AUTH_EXEC: ?token= in the URL will do */
	char **exec;             /* AUTH_EXEC: argv */
	double timeout;          /* AUTH_EXEC: seconds that it may take */
	unsigned max_running;    /* AUTH_EXEC: programs at a time */
	struct auth_user *users; /* by name */
	size_t nusers;
	struct auth_token *token; /* in no order */
};

#endif
