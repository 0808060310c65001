/* SPDX-License-Identifier: MIT */
/* Can what a snapshot offers be reached, and only by those who are meant? */
#include <string.h>

#include "conf_check.h"

#define PAGES "/-/" /* what the paths of our own pages begin with */

/* Does the section of P answer what asks for a page of ours? */
static bool hides_pages(const struct path_conf *p)
{
	return strncmp(p->path, PAGES, strlen(PAGES)) == 0 ||
	       (p->prefix && strcmp(p->path, "/") == 0);
}

static void check_paths(const struct conf *c, struct conf_report *r)
{
	if (c->npaths == 0)
		conf_warning(r, (struct conf_origin){ c->file, 0 },
			     "there is no path: nobody can open a WebSocket; add a "
			     "section such as [/load] with exec = vmstat 1");
	for (size_t i = 0; i < c->npaths; i++) {
		const struct path_conf *p = c->paths[i];

		if ((c->console || c->terminal) && hides_pages(p))
			conf_warning(
				r, p->where,
				"[%s%s] hides the pages of console and terminal, which "
				"are below " PAGES,
				p->path, p->prefix ? "*" : "");
	}
}

static bool is_everybody(const struct cidr *c)
{
	return c->kind == CIDR_ALL || (c->kind != CIDR_UNIX && c->bits == 0);
}

static void check_trusted(const struct conf *c, struct conf_report *r)
{
	for (size_t i = 0; i < c->trusted_proxy.n; i++) {
		if (!is_everybody(&c->trusted_proxy.items[i]))
			continue;
		conf_warning(r, conf_where(c, NULL, "trusted_proxy"),
			     "trusted_proxy believes everybody: whoever connects can "
			     "choose his address; list the proxies");
		return;
	}
}

/* The lists of [server] are easily written without a thought of Unix sockets. */
static void check_unix(const struct conf *c, struct conf_report *r)
{
	struct addr someone = { .len = sizeof(someone.sa.sa_family),
				.sa.sa_family = AF_UNIX };

	if (cidr_allows(&c->clients, &someone))
		return;
	for (size_t i = 0; i < c->nlisten; i++) {
		const struct listen_conf *l = &c->listen[i];

		if (l->path)
			conf_warning(r, (struct conf_origin){ l->file, l->line },
				     "nobody may connect to %s: add unix to allow",
				     l->text);
	}
}

static bool is_this_machine(const struct cidr *c)
{
	static const unsigned char one[16] = { [15] = 1 };

	switch (c->kind) {
	case CIDR_UNIX:
		return true;
	case CIDR_IPV4:
		return c->net[0] == 127 && c->bits >= 8;
	case CIDR_IPV6:
		return c->bits == 128 && memcmp(c->net, one, sizeof(one)) == 0;
	case CIDR_ALL:
		break;
	}
	return false;
}

static void check_dashboard(const struct conf *c, struct conf_report *r)
{
	struct conf_origin at = conf_where(c, NULL, "web.allow");

	if (!c->dashboard_path || c->web_auth)
		return;
	for (size_t i = 0; i < c->web_allow.n; i++) {
		if (is_this_machine(&c->web_allow.items[i]))
			continue;
		conf_warning(r, at,
			     "[web] allow lets other machines open the dashboard, and "
			     "nobody asks who they are: add auth");
		return;
	}
}

void conf_check_access(const struct conf *c, struct conf_report *r)
{
	check_dashboard(c, r);
	check_paths(c, r);
	check_trusted(c, r);
	check_unix(c, r);
}
