/* SPDX-License-Identifier: MIT */
/* connect_auth.h - the Authorization field of who connects. */
#ifndef CTL_CONNECT_AUTH_H
#define CTL_CONNECT_AUTH_H

#include <stdbool.h>

#include "connect_options.h"

/* The value that O means, yours; NULL: none.  False: it cannot be had, and that has been
 * said. */
bool connect_auth(const struct connect_options *o, char **ret);

/* Forget it, byte for byte. */
void connect_auth_free(char *value); /* NULL is a no-op */

#endif
