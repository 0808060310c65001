/* SPDX-License-Identifier: MIT */
/* privileges.h - becomes another user for good, and proves it. */
#ifndef BASE_PRIVILEGES_H
#define BASE_PRIVILEGES_H

#include <sys/types.h>

/* A user of this machine, with one of its groups. */
struct identity {
	uid_t uid;
	gid_t gid;
	char *name, *group, *home, *shell;
};

/* Look up USER and GROUP (NULL: the user's own).  Yours; end with identity_free().
 * -ENOENT: there is none such, *ret_missing is the name that was looked for. */
int identity_find(const char *user, const char *group, struct identity **ret,
		  const char **ret_missing);
void identity_free(struct identity *id); /* NULL is a no-op */

/*
 * Become ID: its groups, user and group ids, no capability of any set, and HOME, USER,
 * LOGNAME and SHELL.  Only root can.  Then make sure that there is no way back, which
 * setresuid(2) alone does not promise.  0, or -errno and *ret_what says what failed: the
 * process is then half-way and has to end.
 */
int privileges_drop(const struct identity *id, const char **ret_what);

/* Keep processes of the same user out of this one's memory (PR_SET_DUMPABLE): they could
 * take its keys. */
void privileges_hide_memory(void);

#endif
