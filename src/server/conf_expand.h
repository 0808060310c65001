/* SPDX-License-Identifier: MIT */
/* conf_expand.h - replaces ${env:NAME}, ${cred:NAME} and ${file:/path} in a value. */
#ifndef SERVER_CONF_EXPAND_H
#define SERVER_CONF_EXPAND_H

#include <stdbool.h>

#include "conf_mem.h"

#define CONF_EXPAND_ERR 300
#define CONF_EXPAND_FILE_MAX (64 * 1024) /* bytes of a file that can stand in a value */

/*
 * RAW with each ${env:NAME} replaced by that variable of the environment, ${cred:NAME} by
 * that file of $CREDENTIALS_DIRECTORY (systemd.exec(5)) and ${file:/path} by that file,
 * both without a newline at the end.  Every other $ stays; what was put in is not
 * expanded again.  *ret is in MEM. 0, -EINVAL with a sentence in ERR (CONF_EXPAND_ERR
 * bytes), or -ENOMEM.
 */
int conf_expand(struct conf_mem *mem, const char *raw, const char **ret, char *err);

/* Does RAW hold something that must not be shown once it is expanded? */
bool conf_expand_is_secret(const char *raw);

#endif
