/* SPDX-License-Identifier: MIT */
/* Replaces ${env:NAME}, ${cred:NAME} and ${file:/path} in a value. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "conf_expand.h"
#include "file.h"

struct expansion {
	struct buf out;
	char *err;
};

__attribute__((format(printf, 2, 3))) static int wrong(struct expansion *x,
						       const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(x->err, CONF_EXPAND_ERR, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static int put(struct expansion *x, const char *p, size_t n)
{
	return buf_append(&x->out, p, n, (size_t)-1);
}

static int put_content(struct expansion *x, const char *file, const char *p, size_t n)
{
	if (memchr(p, 0, n))
		return wrong(x, "%.200s holds a NUL byte", file);
	if (n > 0 && p[n - 1] == '\n')
		n--;
	if (n > 0 && p[n - 1] == '\r')
		n--;
	return put(x, p, n);
}

static int put_file(struct expansion *x, const char *file)
{
	struct buf b = { 0 };
	int r = file_read(file, CONF_EXPAND_FILE_MAX, &b);

	if (r == -EFBIG)
		r = wrong(x, "%.200s is longer than %d bytes", file,
			  CONF_EXPAND_FILE_MAX);
	else if (r < 0 && r != -ENOMEM)
		r = wrong(x, "cannot read %.200s: %s", file, file_error(r));
	else if (r == 0 && buf_len(&b) > 0)
		r = put_content(x, file, buf_head(&b), buf_len(&b));
	buf_free(&b);
	return r;
}

/* ---- one for each kind ---- */

static int put_env(struct expansion *x, const char *name)
{
	const char *value = getenv(name);

	if (!value)
		return wrong(x, "${env:%.100s} is not set", name);
	return put(x, value, strlen(value));
}

static int put_cred(struct expansion *x, const char *name)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	char *file;
	int r;

	if (!*name || strchr(name, '/') || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return wrong(x, "${cred:%.100s} is no name of a credential", name);
	if (!dir)
		return wrong(x,
			     "${cred:%.100s} needs LoadCredential= in the unit: "
			     "CREDENTIALS_DIRECTORY is not set",
			     name);
	if (asprintf(&file, "%s/%s", dir, name) < 0)
		return -ENOMEM;
	r = put_file(x, file);
	free(file);
	return r;
}

static int put_path(struct expansion *x, const char *path)
{
	if (*path != '/')
		return wrong(x, "${file:%.100s} is not an absolute path", path);
	return put_file(x, path);
}

static const struct {
	const char *begin;
	int (*put)(struct expansion *x, const char *name);
	bool secret;
} kinds[] = {
	{ "${env:", put_env, false },
	{ "${cred:", put_cred, true },
	{ "${file:", put_path, true },
};
#define KINDS (sizeof(kinds) / sizeof(*kinds))

/* Expand the NAME up to its } at *P, moving *P behind that. */
static int put_named(struct expansion *x, unsigned kind, const char **p)
{
	const char *end = strchr(*p, '}');
	char *name;
	int r;

	if (!end)
		return wrong(x, "%s has no }", kinds[kind].begin);
	name = strndup(*p, (size_t)(end - *p));
	if (!name)
		return -ENOMEM;
	r = kinds[kind].put(x, name);
	free(name);
	*p = end + 1;
	return r;
}

/* Put what stands at *P, up to the next $ at the latest, moving *P past it. */
static int put_next(struct expansion *x, const char **p)
{
	const char *start = *p;

	for (unsigned kind = 0; kind < KINDS; kind++) {
		size_t n = strlen(kinds[kind].begin);

		if (strncmp(*p, kinds[kind].begin, n) == 0) {
			*p += n;
			return put_named(x, kind, p);
		}
	}
	*p = strchrnul(start + 1, '$');
	return put(x, start, (size_t)(*p - start));
}

int conf_expand(struct conf_mem *mem, const char *raw, const char **ret, char *err)
{
	struct expansion x = { .err = err };
	int r = 0;

	for (const char *p = raw; r == 0 && *p;)
		r = put_next(&x, &p);
	if (r == 0) {
		*ret = conf_mem_text(mem, buf_head(&x.out), buf_len(&x.out));
		r = *ret ? 0 : -ENOMEM;
	}
	buf_free(&x.out);
	return r;
}

bool conf_expand_is_secret(const char *raw)
{
	for (unsigned kind = 0; kind < KINDS; kind++)
		if (kinds[kind].secret && strstr(raw, kinds[kind].begin))
			return true;
	return false;
}
