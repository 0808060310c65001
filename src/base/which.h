/* SPDX-License-Identifier: MIT */
/* which.h - finds a program in PATH, as execvp(3) would, and remembers where. */
#ifndef BASE_WHICH_H
#define BASE_WHICH_H

#include <stdbool.h>
#include <stddef.h>

/* PATH of a child when neither its own environment nor the daemon's has one. */
#define SYS_DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* The PATH that a child gets: the last PATH= of its ENV (NULL-terminated, or NULL), else
 * the daemon's, else SYS_DEFAULT_PATH.  Owned by ENV or the environment. */
const char *which_path(char *const *env);

/*
 * The file to execute for NAME: NAME itself when it holds a slash, else the first
 * executable regular file of that name in PATH's directories (an empty one is the current
 * directory).  Written to OUT (CAP bytes). 0, -ENOENT: no such file, or -EACCES: none of
 * those that exist may be executed.
 */
int which(const char *name, const char *path, char *out, size_t cap);

/* The same for a program that will start in the directory CWD (NULL: ours): there a NAME
 * with a slash is looked for when it is relative. */
int which_from(const char *cwd, const char *name, const char *path, char *out,
	       size_t cap);

/* The result of which_from(), kept for repeated starts; all zero: none yet. */
struct which_found {
	char *path; /* the PATH of that search */
	char *file;
};

/* Search as which_from() does and keep the result in F.  0, or -errno: nothing is
 * kept. */
int which_find(struct which_found *f, const char *cwd, const char *name,
	       const char *path);

/* Does F hold the result of a search with this PATH?  Whether the file is still there
 * is not looked at. */
bool which_knows(const struct which_found *f, const char *path);

void which_forget(struct which_found *f);

#endif
