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

static int by_name(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
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

struct route *route_at(const struct routes *r, size_t i)
{
	if (i < r->nexact)
		return &r->exact[i];
	i -= r->nexact;
	return i < r->nprefix ? &r->prefix[i] : NULL;
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

bool routes_have_channel(const struct routes *r, const char *name)
{
	return bsearch(&name, r->channels, r->nchannels, sizeof(*r->channels), by_name);
}

const char *const *route_line_buffer(struct route *r)
{
	const struct exec_conf *exec = &r->conf->exec;

	if (!r->line_buffer && exec->argv && (exec->line_buffer || exec->pty.rows))
		r->line_buffer = line_buffer_env(exec);
	return r->line_buffer;
}

/* ---- building ---- */

/* That of OLD goes on; NULL: a new one. */
static struct route_use *use_after(const struct route *old)
{
	struct route_use *use = old ? old->use : calloc(1, sizeof(*use));

	if (use)
		use->refs++;
	return use;
}

static struct route *of_path(const struct routes *r, const struct path_conf *conf)
{
	size_t n = strlen(conf->path);

	return conf->prefix ? find(r->prefix, r->nprefix, conf->path, n)
			    : find(r->exact, r->nexact, conf->path, n);
}

struct route *route_same(const struct routes *r, const struct route *route)
{
	return of_path(r, route->conf);
}

static struct route_use *use_of(const struct routes *before, const struct path_conf *conf)
{
	return use_after(before ? of_path(before, conf) : NULL);
}

static void use_unref(struct route_use *use)
{
	if (!use || --use->refs > 0)
		return;
	stats_free(&use->stats);
	free(use);
}

static void route_end(struct route *r)
{
	which_forget(&r->found);
	use_unref(r->use);
}

static bool add(struct route *all, size_t *count, const struct path_conf *conf,
		const struct routes *before)
{
	struct route *r = &all[(*count)++];

	r->conf = conf;
	r->use = use_of(before, conf);
	return r->use;
}

static bool fill(struct routes *r, const struct routes *before)
{
	bool ok = true;

	for (size_t i = 0; i < r->conf->npaths && ok; i++)
		if (r->conf->paths[i]->prefix)
			ok = add(r->prefix, &r->nprefix, r->conf->paths[i], before);
		else
			ok = add(r->exact, &r->nexact, r->conf->paths[i], before);
	for (size_t i = 0; i < r->conf->npaths; i++)
		if (r->conf->paths[i]->channel)
			r->channels[r->nchannels++] = r->conf->paths[i]->channel;
	r->dashboard.conf = r->conf->dashboard_path;
	r->dashboard.use = use_after(before ? &before->dashboard : NULL);
	qsort(r->exact, r->nexact, sizeof(*r->exact), by_path);
	qsort(r->prefix, r->nprefix, sizeof(*r->prefix), by_path);
	qsort(r->channels, r->nchannels, sizeof(*r->channels), by_name);
	return ok && r->dashboard.use;
}

struct routes *routes_new(struct conf *conf, const struct routes *before)
{
	struct routes *r = calloc(1, sizeof(*r));

	if (!r) {
		conf_free(conf);
		return NULL;
	}
	r->refs = 1;
	r->conf = conf;
	r->exact = calloc(conf->npaths + 1, sizeof(*r->exact));
	r->prefix = calloc(conf->npaths + 1, sizeof(*r->prefix));
	r->channels = calloc(conf->npaths + 1, sizeof(*r->channels));
	if (r->exact && r->prefix && r->channels && fill(r, before))
		return r;
	routes_unref(r);
	return NULL;
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
	for (size_t i = 0; i < r->nexact; i++)
		route_end(&r->exact[i]);
	for (size_t i = 0; i < r->nprefix; i++)
		route_end(&r->prefix[i]);
	route_end(&r->dashboard);
	free(r->exact);
	free(r->prefix);
	free(r->channels);
	conf_free(r->conf);
	free(r);
}
