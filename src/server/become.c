/* SPDX-License-Identifier: MIT */
/* Whom the daemon runs as, once root has opened what only root can. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "become.h"
#include "conf_sheet.h"
#include "conf_tls.h"
#include "log.h"
#include "span.h"
#include "sys.h"

#define LOW_PORTS 1024 /* the kernel's default */

static struct conf_origin where(const struct conf *c, const char *key)
{
	bool is_group = strcmp(key, "group") == 0; /* [control] has one, too */
	struct conf_origin at = conf_where(c, NULL, is_group ? "server.group" : key);

	return at.file ? at : (struct conf_origin){ c->file, 0 };
}

/* ---- whom ---- */

/* The user and group of C; NULL, and said: there is none such. */
static struct identity *look_up(const struct conf *c, struct conf_report *r)
{
	struct identity *id = NULL;
	const char *missing;
	int err = identity_find(c->user, c->group, &id, &missing);
	const char *key = missing == c->user ? "user" : "group";

	if (err == -ENOENT)
		conf_error(r, where(c, key), "%s: there is no %s '%s'", key, key,
			   missing);
	else if (err < 0)
		conf_error(r, where(c, key), "%s: %s", key, strerror(-err));
	return id;
}

/* Who is not root cannot become anybody. */
static void warn_without_root(const struct conf *c, const struct identity *id,
			      struct conf_report *r)
{
	if (id->uid != geteuid() || (c->group && id->gid != getegid()))
		conf_warning(r, where(c, "user"),
			     "user = %s: only root can become another user; it stays uid "
			     "%u, gid %u",
			     id->name, (unsigned)geteuid(), (unsigned)getegid());
}

/* *RET: whom to become, NULL: stay.  ROOT_ALONE is told of root without `user`. */
static void find(const struct conf *c, struct conf_report *r, struct identity **ret,
		 void (*root_alone)(const struct conf *c, struct conf_report *r))
{
	struct identity *id = c->user ? look_up(c, r) : NULL;
	bool stays;

	*ret = NULL;
	if (c->group && !c->user)
		conf_error(r, where(c, "group"), "group: it needs a user, too");
	else if (!c->user && geteuid() == 0)
		root_alone(c, r);
	if (!id)
		return;
	if (geteuid() != 0)
		warn_without_root(c, id, r);
	stays = geteuid() != 0 || (id->uid == 0 && !c->group); /* as it was told to */
	if (!stays)
		*ret = id;
	else
		identity_free(id);
}

static void refuse_root(const struct conf *c, struct conf_report *r)
{
	conf_error(r, where(c, "user"),
		   "started as root, and no user to become: set user = NAME in [server], "
		   "or user = root to stay root, with every program");
}

static void warn_of_root(const struct conf *c, struct conf_report *r)
{
	conf_warning(r, where(c, "user"),
		     "running as root: so does every program, for whoever connects");
}

static void hint_at_root(const struct conf *c, struct conf_report *r)
{
	conf_warning(r, where(c, "user"),
		     "there is no user in [server]: root cannot start wsbridged with "
		     "this file; a systemd unit with User= can");
}

int become_find(const struct conf *conf, bool lenient, FILE *err, struct identity **ret)
{
	struct conf_report r = { .main = conf->file };

	find(conf, &r, ret, lenient ? warn_of_root : refuse_root);
	conf_report_write(&r, err);
	return r.errors > 0 ? EX_CONFIG : 0;
}

struct identity *become_check(const struct conf *conf, struct conf_report *r)
{
	struct identity *id;

	find(conf, r, &id, hint_at_root);
	return id;
}

/* ---- becoming it ---- */

/* Has systemd started this very process (systemd.exec(5))? */
static bool is_service(void)
{
	return sys_env_number("SYSTEMD_EXEC_PID") == getpid();
}

int become(const struct identity *id, FILE *err)
{
	const char *what;
	int r = id ? privileges_drop(id, &what) : 0;

	if (r < 0) {
		fprintf(err, "%swsbridged: error: cannot become %s: %s: %s\n",
			log_prefix(err, LOG_LEVEL_ERROR), id->name, what, strerror(-r));
		return EX_OSERR;
	}
	if (id)
		log_info("", "running as user %s (uid %u), group %s (gid %u)", id->name,
			 (unsigned)id->uid, id->group, (unsigned)id->gid);
	if (id || is_service())
		privileges_hide_memory();
	return 0;
}

/* ---- what it cannot have again ---- */

static unsigned first_free_port(void)
{
	FILE *f = fopen("/proc/sys/net/ipv4/ip_unprivileged_port_start", "re");
	unsigned port = LOW_PORTS;

	if (f && fscanf(f, "%u", &port) != 1)
		port = LOW_PORTS;
	if (f)
		fclose(f);
	return port;
}

static void check_socket_place(const struct listen_conf *l, const char *who,
			       struct conf_report *r)
{
	char *dir = strndup(l->path, (size_t)(strrchr(l->path, '/') - l->path));

	if (dir && access(*dir ? dir : "/", W_OK | X_OK) < 0)
		conf_warning(r, (struct conf_origin){ l->file, l->line },
			     "listen: %s cannot remove or make a socket in %s: the file "
			     "stays at the end, and a reload cannot open it again",
			     who, *dir ? dir : "/");
	free(dir);
}

static void check_listen(const struct listen_conf *l, const char *who,
			 struct conf_report *r)
{
	if (l->path)
		check_socket_place(l, who, r);
	else if (l->port != 0 && l->port < first_free_port())
		conf_warning(r, (struct conf_origin){ l->file, l->line },
			     "listen: %s cannot open port %u again: once a reload has "
			     "closed it, it needs a restart",
			     who, l->port);
}

/* FILE (or NULL) of AUTH is read again by a reload. */
static void check_file(const struct auth_conf *auth, const char *file, const char *who,
		       struct conf_report *r)
{
	if (file && access(file, R_OK) < 0 && errno == EACCES)
		conf_warning(r, auth->head.where, "%s cannot read %s: a reload will fail",
			     who, file);
}

static void check_ini_file(const char *file, const char *who, struct conf_report *r)
{
	if (access(file, R_OK) < 0 && errno == EACCES)
		conf_warning(r, (struct conf_origin){ file, 0 },
			     "%s cannot read it: a reload will fail", who);
}

/* The ini, and the drop-ins that begin a section. */
static void check_ini(const struct conf *c, struct conf_report *r)
{
	const char *last = c->file;

	check_ini_file(last, c->user, r);
	for (const struct conf_section *s = c->sheet->first; s; s = s->next) {
		if (strcmp(s->where.file, last) != 0 &&
		    strcmp(s->where.file, c->file) != 0)
			check_ini_file(s->where.file, c->user, r);
		last = s->where.file;
	}
}

/* The files of T, which a reload reads again. */
static void check_tls(const struct conf *c, const struct tls_section *t,
		      struct conf_report *r)
{
	const struct {
		const char *key, *file;
	} files[] = {
		{ "certificate", t->conf.certificate },
		{ "key", t->conf.key },
		{ "key_password_file", t->conf.key_password_file },
		{ "ca_file", t->conf.ca_file },
		{ "ca_dir", t->conf.ca_dir },
		{ "crl_file", t->conf.crl_file },
		{ "prng_seed_file", t->conf.prng_seed_file },
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		if (files[i].file && access(files[i].file, R_OK) < 0)
			conf_warning(r, conf_tls_where(c, t, files[i].key),
				     "%s: %s cannot read %s: a reload will fail",
				     files[i].key, c->user, files[i].file);
}

void become_check_again(const struct conf *conf, struct conf_report *r)
{
	const struct tls_section *t;

	if (geteuid() == 0)
		return;
	check_ini(conf, r);
	for (size_t i = 0; i < conf->nauth; i++) {
		check_file(&conf->auth[i], conf->auth[i].file, conf->user, r);
		check_file(&conf->auth[i], conf->auth[i].tokens, conf->user, r);
	}
	for (size_t i = 0; (t = conf_tls_at(conf, i)); i++)
		check_tls(conf, t, r);
	for (size_t i = 0; i < conf->nlisten; i++)
		check_listen(&conf->listen[i], conf->user, r);
}

void become_check_change(const char *user, const char *group, const struct conf *next,
			 struct conf_report *r)
{
	if (!text_is_same(user, next->user))
		conf_warning(r, where(next, "user"),
			     "user: only a restart can change it");
	if (!text_is_same(group, next->group))
		conf_warning(r, where(next, "group"),
			     "group: only a restart can change it");
}
