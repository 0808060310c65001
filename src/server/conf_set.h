/* SPDX-License-Identifier: MIT */
/* conf_set.h - a snapshot like another one but for one setting. */
#ifndef SERVER_CONF_SET_H
#define SERVER_CONF_SET_H

#include "conf_keys.h"

#define CONF_SET_ORIGIN "(control)" /* stands for the file that it is written in */

/* Can a key be set in [SECTION] of C?  A path, and a section with a name, has to be in
 * the file; the others need not. */
bool conf_set_can(const struct conf *c, const char *section);

/*
 * A snapshot like C, but [SECTION] has KEY = VALUE; of a list VALUE is all of it.  What
 * the ini says by now does not matter; the files that settings name are read again, but
 * for those of [tls] where KEY is none of it.  Yours; NULL: what is wrong is written to
 * ERR, each error a line.
 */
struct conf *conf_set(const struct conf *c, const char *section,
		      const struct conf_key *key, const char *value, FILE *err);

#endif
