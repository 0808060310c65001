/* SPDX-License-Identifier: MIT */
/* auth_token.h - bearer tokens, known by their SHA-256 alone. */
#ifndef SERVER_AUTH_TOKEN_H
#define SERVER_AUTH_TOKEN_H

#include "auth_conf.h"
#include "conf_mem.h"
#include "span.h"

#define AUTH_TOKENS 4096 /* of one section; each request compares with all of them */

/* A line without a token: what -T prints in place of one, so that its output can be
 * read again. */
#define AUTH_TOKEN_PRINTED "***"

/*
 * Add the token of LINE (`sha256:HEX NAME`, or AUTH_TOKEN_PRINTED) to the list *ALL, in
 * MEM.  0, -ENOMEM, or -EINVAL with a static sentence in *ret_wrong, which shows nothing
 * of LINE.
 */
int auth_token_add(struct conf_mem *mem, struct auth_token **all, const char *line,
		   const char **ret_wrong);

/* The entry of ALL that TOKEN matches, or NULL.  Takes the same time whichever it is,
 * and when there is none. */
const struct auth_token *auth_token_find(const struct auth_token *all, struct span token);

#endif
