/* SPDX-License-Identifier: MIT */
/* Finds the [/path] of a request: the exact match, then the longest prefix. */
#include <stdlib.h>
#include <string.h>

#include "line_buffer.h"
#include "route.h"

/* A path that need not end in NUL. */
struct key {
	const char *p;
	size_t n;
};

static int compare(const char *p, size_t n, const char *q, size_t m)
{
	int d = memcmp(p, q, n < m ? n : m);

	return d ? d : (n > m) - (n < m);
}

static int by_path(const void *a, const void *b)
{
	const struct route *x = a, *y = b;

	return strcmp(x->conf->path, y->conf->path);
}

static int match(const void *k, const void *r)
{
	const struct key *key = k;
	const char *path = ((const struct route *)r)->conf->path;

	return compare(key->p, key->n, path, strlen(path));
}

static struct route *find(struct route *all, size_t count, const char *p, size_t n)
{
	struct key key = { p, n };

	return count ? bsearch(&key, all, count, sizeof(*all), match) : NULL;
}

struct route *route_find(const struct routes *r, const char *path)
{
	size_t n = strlen(path);
	struct route *found = find(r->exact, r->nexact, path, n);

	/* A prefix ends in a slash: only the ends of path's segments can match. */
	for (; !found && n > 0; n--)
		if (path[n - 1] == '/')
			found = find(r->prefix, r->nprefix, path, n);
	return found;
}

static void add(struct route *all, size_t *count, const struct path_conf *conf)
{
	struct route *r = &all[(*count)++];

	r->conf = conf;
	r->line_buffer = conf->exec.line_buffer ? line_buffer_env(&conf->exec) : NULL;
}

struct routes *routes_new(struct conf *conf)
{
	struct routes *r = calloc(1, sizeof(*r));

	if (!r) {
		conf_unref(conf);
		return NULL;
	}
	r->refs = 1;
	r->conf = conf;
	r->exact = calloc(conf->npaths + 1, sizeof(*r->exact));
	r->prefix = calloc(conf->npaths + 1, sizeof(*r->prefix));
	if (!r->exact || !r->prefix) {
		routes_unref(r);
		return NULL;
	}
	for (size_t i = 0; i < conf->npaths; i++)
		if (conf->paths[i]->prefix)
			add(r->prefix, &r->nprefix, conf->paths[i]);
		else
			add(r->exact, &r->nexact, conf->paths[i]);
	qsort(r->exact, r->nexact, sizeof(*r->exact), by_path);
	qsort(r->prefix, r->nprefix, sizeof(*r->prefix), by_path);
	return r;
}

struct routes *routes_ref(struct routes *r)
{
	r->refs++;
	return r;
}

void routes_unref(struct routes *r)
{
	if (!r || --r->refs > 0)
		return;
	free(r->exact);
	free(r->prefix);
	conf_unref(r->conf);
	free(r);
}
