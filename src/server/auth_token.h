/* SPDX-License-Identifier: MIT */
/* auth_token.h - bearer tokens, known by their SHA-256 alone. */
#ifndef SERVER_AUTH_TOKEN_H
#define SERVER_AUTH_TOKEN_H

#include "auth_conf.h"
#include "conf_mem.h"
#include "span.h"

#define AUTH_TOKENS 4096 /* of one section; each request compares with all of them */

/* A line that adds none: what -T prints of a token, so that it can be read again. */
#define AUTH_TOKEN_PRINTED "***"

/*
 * Add the token that LINE (`sha256:HEX NAME`, or AUTH_TOKEN_PRINTED) tells of to
 * the list *ALL, in MEM.  0, -ENOMEM, or -EINVAL with a static sentence in *ret_wrong,
 * which shows nothing of LINE.
 */
int auth_token_add(struct conf_mem *mem, struct auth_token **all, const char *line,
		   const char **ret_wrong);

/* The one of ALL that TOKEN is, or NULL.  Takes the same time for each and for none. */
const struct auth_token *auth_token_find(const struct auth_token *all, struct span token);

#endif
