/* SPDX-License-Identifier: MIT */
/* What follows from the settings of the [auth NAME] sections, and whom the paths mean. */
#include <errno.h>
#include <string.h>

#include "auth_htpasswd.h"
#include "auth_token.h"
#include "conf_auth.h"
#include "file.h"
#include "nearest.h"

#define FILE_LONGEST (4UL * 1024 * 1024)

/* ---- files ---- */

/* The text of FILE, in the snapshot's memory; NULL: why not is said at KEY of AUTH. */
static char *text_of(struct conf_load *l, const struct auth_conf *auth, const char *key,
		     const char *file)
{
	struct buf b = { 0 };
	int r = file_read(file, FILE_LONGEST, &b);
	bool bad = r == 0 && buf_len(&b) > 0 && memchr(buf_head(&b), 0, buf_len(&b));
	char *text = NULL;

	if (r == 0 && !bad)
		text = conf_mem_text(l->conf->mem, buf_head(&b), buf_len(&b));
	if (r == -ENOMEM || (r == 0 && !bad && !text))
		l->status = -ENOMEM;
	else if (!text)
		conf_error(&l->report, conf_where_or_header(l->conf, &auth->head, key),
			   "%s: cannot read %s: %s", key, file,
			   bad ? "it holds a NUL byte" : file_error(r));
	buf_free(&b);
	return text;
}

static void read_tokens(struct conf_load *l, struct auth_conf *auth)
{
	struct conf_origin at = { auth->tokens, 0 };
	char *text = text_of(l, auth, "tokens", auth->tokens), *line;
	const char *wrong;

	while ((line = strsep(&text, "\n"))) {
		int r = 0;

		at.line++;
		line += strspn(line, CONF_BLANKS);
		if (strcmp(line, AUTH_TOKEN_PRINTED) == 0)
			conf_warning(&l->report, at,
				     "%s is what -T prints of a token, and nobody's",
				     line);
		else if (*line && *line != '#')
			r = auth_token_add(l->conf->mem, &auth->token, line, &wrong);
		if (r == -EINVAL)
			conf_error(&l->report, at, "%s", wrong);
		if (r == -ENOMEM)
			l->status = r;
	}
}

static void read_users(struct conf_load *l, struct auth_conf *auth)
{
	char *text = text_of(l, auth, "file", auth->file);

	if (text && auth_htpasswd_read(auth, text, l->conf->mem, &l->report) < 0)
		l->status = -ENOMEM;
}

/* ---- one section ---- */

/* Keys that belong to one type.  What is empty or off, as -T prints it, goes with each.
 */
static void check_keys(struct conf_load *l, const struct auth_conf *auth)
{
	static const char *const types[] = {
		[AUTH_HTPASSWD] = "htpasswd", [AUTH_TOKEN] = "token", [AUTH_EXEC] = "exec"
	};
	const struct {
		const char *key;
		unsigned types;
		bool used;
	} of_type[] = {
		{ "file", 1u << AUTH_HTPASSWD, auth->file },
		{ "tokens", 1u << AUTH_TOKEN, auth->tokens },
		{ "token", 1u << AUTH_TOKEN, auth->token },
		{ "query", 1u << AUTH_TOKEN | 1u << AUTH_EXEC, auth->query },
		{ "exec", 1u << AUTH_EXEC, auth->exec },
		{ "timeout", 1u << AUTH_EXEC, auth->timeout != AUTH_TIMEOUT },
		{ "max_running", 1u << AUTH_EXEC, auth->max_running != AUTH_RUNNING },
	};

	for (size_t i = 0; i < sizeof(of_type) / sizeof(*of_type); i++)
		if (!(of_type[i].types & 1u << auth->type) && of_type[i].used)
			conf_error(&l->report,
				   conf_where_or_header(l->conf, &auth->head,
							of_type[i].key),
				   "%s does not go with type = %s", of_type[i].key,
				   types[auth->type]);
}

static void settle_users(struct conf_load *l, struct auth_conf *auth)
{
	if (auth->file)
		read_users(l, auth);
	else
		conf_error(&l->report, auth->head.where,
			   "[auth %s] has no users: it needs a file", auth->head.name);
}

static void settle_tokens(struct conf_load *l, struct auth_conf *auth)
{
	if (auth->tokens)
		read_tokens(l, auth);
	else if (!conf_where_named(l->conf, &auth->head, "token").file)
		conf_error(&l->report, auth->head.where,
			   "[auth %s] has no tokens: it needs token or tokens",
			   auth->head.name);
}

static void settle_program(struct conf_load *l, struct auth_conf *auth)
{
	if (!auth->exec)
		conf_error(&l->report, auth->head.where,
			   "[auth %s] has no program: it needs exec", auth->head.name);
}

static void settle(struct conf_load *l, struct auth_conf *auth)
{
	static void (*const settle_type[])(
		struct conf_load * l,
		struct auth_conf * auth) = { [AUTH_HTPASSWD] = settle_users,
					     [AUTH_TOKEN] = settle_tokens,
					     [AUTH_EXEC] = settle_program };
	const char *name = auth->head.name;

	if (!auth->realm)
		auth->realm = conf_mem_text(l->conf->mem, name, strlen(name));
	if (!auth->realm)
		l->status = -ENOMEM;
	if (strcmp(name, "none") == 0)
		conf_error(&l->report, auth->head.where,
			   "[auth none]: none is no name, it stands for nobody asks");
	if (auth->type == AUTH_NONE) {
		conf_error(&l->report, auth->head.where, "[auth %s] needs a type", name);
		return;
	}
	check_keys(l, auth);
	settle_type[auth->type](l, auth);
}

void conf_settle_auth(struct conf_load *l)
{
	for (size_t i = 0; i < l->conf->nauth; i++)
		settle(l, &l->conf->auth[i]);
}

/* ---- paths ---- */

const struct auth_conf *conf_auth_find(struct conf_load *l, const char *name,
				       struct conf_origin at)
{
	struct nearest n;

	if (!name)
		return NULL;
	nearest_init(&n, name);
	for (size_t i = 0; i < l->conf->nauth; i++) {
		nearest_offer(&n, l->conf->auth[i].head.name);
		if (strcmp(l->conf->auth[i].head.name, name) == 0)
			return &l->conf->auth[i];
	}
	if (nearest_found(&n))
		conf_error(&l->report, at,
			   "auth: there is no [auth %s]; did you mean '%s'?", name,
			   nearest_found(&n));
	else
		conf_error(&l->report, at, "auth: there is no [auth %s]", name);
	return NULL;
}

void conf_settle_path_auth(struct conf_load *l, struct path_conf *path)
{
	path->auth =
		conf_auth_find(l, path->auth_name, conf_where(l->conf, path, "auth"));
}
