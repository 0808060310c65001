/* SPDX-License-Identifier: MIT */
/* Is it wise how a snapshot lets people in? */
#include <string.h>
#include <sys/stat.h>

#include "addr.h"
#include "auth_token.h"
#include "conf_check.h"
#include "conf_sheet.h"

/* A hash can be guessed at leisure by whoever can read it.  A token's cannot. */
static void check_file(const struct conf *c, const struct auth_conf *auth,
		       struct conf_report *r)
{
	struct stat st;

	if (auth->file && stat(auth->file, &st) == 0 && (st.st_mode & S_IROTH))
		conf_warning(r, conf_where_or_header(c, &auth->head, "file"),
			     "file: everybody can read the hashes in %s; "
			     "chmod 640, with wsbridged's group",
			     auth->file);
}

static void check_printed(const struct conf *c, struct conf_report *r)
{
	const struct conf_key *key = conf_key_find(CONF_AUTH, "token");

	for (const struct conf_section *s = c->sheet->first; s; s = s->next)
		for (const struct conf_entry *e = conf_sheet_slot(s, key)->first; e;
		     e = e->next)
			if (strcmp(e->raw, AUTH_TOKEN_PRINTED) == 0)
				conf_warning(r, e->where,
					     "token = %s is what -T prints of a token, "
					     "and nobody's",
					     e->raw);
}

static bool is_used(const struct conf *c, const struct auth_conf *auth)
{
	if (c->dashboard_path && c->dashboard_path->auth == auth)
		return true;
	for (size_t i = 0; i < c->npaths; i++)
		if (c->paths[i]->auth == auth)
			return true;
	return false;
}

static bool allows_any(const struct access_conf *access)
{
	for (char *const *o = access->origins; o && *o; o++)
		if (strcmp(*o, "any") == 0)
			return true;
	return false;
}

/* A browser sends a password with whatever a page asks for, so any page could use it. */
static void check_path(const struct conf *c, const struct path_conf *path,
		       struct conf_report *r)
{
	if (path->auth && path->auth->type != AUTH_TOKEN && allows_any(&path->access))
		conf_warning(r, conf_where(c, path, "origin"),
			     "origin = any lets every web page open %s with the password "
			     "that its visitor's browser remembers; list the origins",
			     path->path);
}

/* Does everybody on the network reach it?  With proxy only trusted_proxy gets in, as with
 * a proxy on loopback. */
static bool is_open(const struct listen_conf *l)
{
	struct addr a;

	return l->host && !l->redirect && !l->proxy && addr_inet(l->host, l->port, &a) &&
	       !addr_is_local(&a);
}

static const struct listen_conf *open_listener(const struct conf *c)
{
	for (size_t i = 0; i < c->nlisten; i++)
		if (is_open(&c->listen[i]))
			return &c->listen[i];
	return NULL;
}

/* Who types into a terminal does what its program can do, and a shell can do all. */
static void check_terminal(const struct conf *c, const struct path_conf *path,
			   struct conf_report *r)
{
	const struct listen_conf *l = open_listener(c);

	if (path->exec.pty.rows == 0 || path->auth || !path->session.write)
		return;
	conf_warning(
		r, conf_where(c, path, "pty"),
		"[%s%s] is a terminal that asks nobody who it is: %s%s can type into "
		"it; set auth, or write = no",
		path->path, path->prefix ? "*" : "",
		l ? "whoever reaches " : "every user of this machine", l ? l->text : "");
}

/* OPEN: there are programs that ask nobody who it is; ASKS: there are paths that do. */
static void check_listener(const struct listen_conf *l, bool open, bool asks,
			   struct conf_report *r)
{
	struct conf_origin at = { l->file, l->line };

	if (!is_open(l))
		return;
	if (open)
		conf_warning(r, at,
			     "%s is open to the network, without %s; "
			     "anybody who reaches it can run what the paths run",
			     l->text,
			     l->tls ? "a password" : "TLS and without a password");
	else if (asks && !l->tls)
		conf_warning(
			r, at,
			"%s is open to the network without TLS: whoever is on the way "
			"can read the passwords and tokens of clients",
			l->text);
}

void conf_check_auth(const struct conf *c, struct conf_report *r)
{
	bool open = false, asks = false;

	check_printed(c, r);
	for (size_t i = 0; i < c->nauth; i++) {
		check_file(c, &c->auth[i], r);
		if (c->auth[i].type == AUTH_TOKEN && !c->auth[i].token)
			conf_warning(r, c->auth[i].head.where,
				     "[auth %s] has no tokens: nobody gets in",
				     c->auth[i].head.name);
		if (!is_used(c, &c->auth[i]))
			conf_warning(r, c->auth[i].head.where, "no path has auth = %s",
				     c->auth[i].head.name);
	}
	for (size_t i = 0; i < c->npaths; i++) {
		check_path(c, c->paths[i], r);
		check_terminal(c, c->paths[i], r);
		open |= !c->paths[i]->auth && !c->paths[i]->files;
		asks |= !!c->paths[i]->auth;
	}
	for (size_t i = 0; i < c->nlisten; i++)
		check_listener(&c->listen[i], open, asks, r);
}
