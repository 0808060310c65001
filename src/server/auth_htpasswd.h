/* SPDX-License-Identifier: MIT */
/* auth_htpasswd.h - the users of a file of `NAME:HASH` lines, as htpasswd(1) makes it. */
#ifndef SERVER_AUTH_HTPASSWD_H
#define SERVER_AUTH_HTPASSWD_H

#include "auth_conf.h"
#include "conf_mem.h"
#include "conf_report.h"
#include "span.h"

/*
 * Read the users in TEXT, which is changed and lives as long as MEM, into AUTH.  Hashes
 * are yescrypt, bcrypt, SHA-512 and SHA-256 of crypt(5); every other, and a line that is
 * none, is an error in REPORT with its line in AUTH's file.  0 or -ENOMEM.
 */
int auth_htpasswd_read(struct auth_conf *auth, char *text, struct conf_mem *mem,
		       struct conf_report *report);

/*
 * The user called NAME.  When there is none, a user whose hash takes as long to check, so
 * that time does not tell who exists; it is the same one each time for the same name.
 * *ret_known says which.
 */
const struct auth_user *auth_htpasswd_find(const struct auth_conf *auth, struct span name,
					   bool *ret_known);

#endif
