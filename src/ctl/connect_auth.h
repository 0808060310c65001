/* SPDX-License-Identifier: MIT */
/* connect_auth.h - the Authorization field of who connects. */
#ifndef CTL_CONNECT_AUTH_H
#define CTL_CONNECT_AUTH_H

#include <stdbool.h>

#include "connect_options.h"

/* The field's value by the options O, yours; NULL: none.  False: it cannot be had, and
 * the reason has been reported on standard error. */
bool connect_auth(const struct connect_options *o, char **ret);

/* Overwrite and free it. */
void connect_auth_free(char *value); /* NULL is a no-op */

#endif
