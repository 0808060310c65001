/* SPDX-License-Identifier: MIT */
/* Finds a program in PATH, and remembers where. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "which.h"

const char *which_path(char *const *env)
{
	const char *path = NULL;

	for (; env && *env; env++)
		if (strncmp(*env, "PATH=", 5) == 0)
			path = *env + 5;
	if (!path)
		path = getenv("PATH");
	return path ? path : SYS_DEFAULT_PATH;
}

/* 0, -ENOENT or -EACCES. */
static int check_executable(const char *file)
{
	struct stat st;

	if (stat(file, &st) < 0) /* nor is it for us where we may not look */
		return -ENOENT;
	if (!S_ISREG(st.st_mode) || access(file, X_OK) < 0)
		return -EACCES;
	return 0;
}

/* Write N bytes of directory DIR, a slash and NAME to OUT; what does not fit cannot be
 * executed either. */
static int try_directory(const char *dir, size_t n, const char *name, char *out,
			 size_t cap)
{
	int len;

	if (n == 0)
		len = snprintf(out, cap, "./%s", name);
	else
		len = snprintf(out, cap, "%.*s/%s", (int)n, dir, name);
	if (len < 0 || (size_t)len >= cap)
		return -ENOENT;
	return check_executable(out);
}

static int try_itself(const char *name, char *out, size_t cap)
{
	if (strlen(name) >= cap)
		return -ENOENT;
	strcpy(out, name);
	return check_executable(name);
}

int which(const char *name, const char *path, char *out, size_t cap)
{
	int result = -ENOENT;

	if (!*name)
		return -ENOENT;
	if (strchr(name, '/'))
		return try_itself(name, out, cap);
	for (const char *end;; path = end + 1) {
		int r;

		end = strchrnul(path, ':');
		r = try_directory(path, (size_t)(end - path), name, out, cap);
		if (r == 0)
			return 0;
		if (r == -EACCES)
			result = r;
		if (!*end)
			return result;
	}
}

int which_from(const char *cwd, const char *name, const char *path, char *out, size_t cap)
{
	if (!cwd || !strchr(name, '/') || *name == '/')
		return which(name, path, out, cap);
	return try_directory(cwd, strlen(cwd), name, out, cap);
}

/* ---- what was found ---- */

int which_find(struct which_found *f, const char *cwd, const char *name, const char *path)
{
	char file[4096];
	int r = which_from(cwd, name, path, file, sizeof(file));

	which_forget(f);
	if (r < 0)
		return r;
	f->path = strdup(path);
	f->file = strdup(file);
	if (f->path && f->file)
		return 0;
	which_forget(f);
	return -ENOMEM;
}

bool which_knows(const struct which_found *f, const char *path)
{
	return f->file && strcmp(f->path, path) == 0;
}

void which_forget(struct which_found *f)
{
	free(f->path);
	free(f->file);
	*f = (struct which_found){ 0 };
}
