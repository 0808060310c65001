/* SPDX-License-Identifier: MIT */
/* The pages of [web] stand apart from the paths. */
#include <string.h>

#include "conf_keys.h"
#include "conf_web.h"

/* The section of PAGE alone, or NULL. */
static const struct path_conf *path_of(const struct conf *c, const char *page)
{
	for (size_t i = 0; i < c->npaths; i++)
		if (!c->paths[i]->prefix && strcmp(c->paths[i]->path, page) == 0)
			return c->paths[i];
	return NULL;
}

static void settle(struct conf *c, struct conf_report *r, const char *key, char **page)
{
	const struct path_conf *path = *page ? path_of(c, *page) : NULL;
	struct conf_origin at = conf_where(c, NULL, key);

	if (path && at.file && strcmp(*page, conf_key_find(CONF_WEB, key)->def) != 0)
		conf_error(r, at, "%s = %s is the path of a section, too ([%s])", key,
			   *page, path->path);
	else if (path)
		*page = NULL;
}

void conf_web_settle(struct conf *c, struct conf_report *r)
{
	settle(c, r, "health", &c->health);
	settle(c, r, "metrics", &c->metrics);
	if (c->health && c->metrics && strcmp(c->health, c->metrics) == 0)
		conf_error(r, conf_where(c, NULL, "metrics"),
			   "metrics = %s is the page of health, too", c->metrics);
}
