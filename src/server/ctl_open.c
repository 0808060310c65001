/* SPDX-License-Identifier: MIT */
/* Where the control socket lies, and its opening. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl.h"
#include "listen.h"
#include "log.h"
#include "span.h"

#define NAME "control.sock"
#define BACKLOG 8

/* ---- where ---- */

/* DIR/NAME, where DIR has no other directory behind a colon; false: too long. */
static bool in_directory(const char *dir, const char *sub, struct addr *ret)
{
	char path[sizeof(ret->un.sun_path)];
	int n = snprintf(path, sizeof(path), "%.*s%s/" NAME, (int)strcspn(dir, ":"), dir,
			 sub);

	return n > 0 && (size_t)n < sizeof(path) && addr_unix(path, ret);
}

/* The directory of PATH, unless it is there: a service manager makes its own. */
static void make_directory(const char *path, mode_t mode)
{
	char dir[sizeof(((struct sockaddr_un *)0)->sun_path)];
	char *slash;

	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (!slash || slash == dir)
		return;
	*slash = 0;
	(void)mkdir(dir, mode); /* binding will tell */
}

/* Where `socket = auto` means; false: nowhere. */
static bool usual_place(struct addr *ret)
{
	const char *run = getenv("RUNTIME_DIRECTORY"), *own = getenv("XDG_RUNTIME_DIR");

	if (run && *run == '/')
		return in_directory(run, "", ret);
	if (geteuid() == 0) {
		make_directory("/run/wsbridge/" NAME, 0755);
		return in_directory("/run/wsbridge", "", ret);
	}
	if (!own || *own != '/' || !in_directory(own, "/wsbridge", ret))
		return false;
	make_directory(ret->un.sun_path, 0700);
	return true;
}

/* ---- opening ---- */

static void tell_failure(FILE *err, const struct conf *conf, const struct addr *at,
			 int error)
{
	struct conf_origin where = conf_where(conf, NULL, "control.socket");
	char why[LISTEN_WHY];

	listen_why(at, error, why);
	if (conf->control.automatic)
		fprintf(err, "warning: no control socket: %s: %s\n", at->un.sun_path,
			why);
	else
		fprintf(err, "%s:%d: error: cannot open the control socket %s: %s\n",
			where.file ? where.file : conf->file, where.line, at->un.sun_path,
			why);
}

/* Open what CONF asks for as s->control; none is none. */
static int open_socket(struct server *s, const struct conf *conf, FILE *err)
{
	const struct control_conf *c = &conf->control;
	struct listener_conf l = {
		.backlog = BACKLOG,
		.mode = c->mode,
		.group = c->group,
	};
	int r;

	if (c->automatic ? !usual_place(&l.at) : !c->socket)
		return 0;
	if (!c->automatic && !addr_unix(c->socket, &l.at))
		return EX_CONFIG; /* its parser has looked */
	r = listener_open(s->loop, &l, ctl_accepted, s, &s->control);
	if (r == 0) {
		log_debug("", "control socket %s", l.at.un.sun_path);
		return 0;
	}
	tell_failure(err, conf, &l.at, r);
	return c->automatic ? 0 : listen_exit_code(r);
}

static bool is_same(const struct control_conf *a, const struct control_conf *b)
{
	return a->automatic == b->automatic && text_is_same(a->socket, b->socket) &&
	       a->mode == b->mode && text_is_same(a->group, b->group);
}

/* From the socket of OLD to that of NEXT. */
static int change(struct server *s, const struct conf *old, const struct conf *next,
		  FILE *err)
{
	if (s->control && is_same(&old->control, &next->control))
		return 0;
	listener_free(s->control);
	s->control = NULL;
	return open_socket(s, next, err);
}

int ctl_change(struct server *s, const struct conf *conf, FILE *err)
{
	const struct conf *old = s->routes->conf;
	int code = change(s, old, conf, err);

	if (code != 0 && old != conf)
		(void)open_socket(s, old, err);
	return code;
}

void ctl_give(struct server *s, const struct identity *id)
{
	const struct control_conf *c = &s->routes->conf->control;
	char dir[sizeof(((struct sockaddr_un *)0)->sun_path)];
	const char *path;

	if (!s->control)
		return;
	path = listener_addr(s->control)->un.sun_path;
	/* no link's target: the directory may be another user's */
	if (lchown(path, id->uid, c->group ? (gid_t)-1 : id->gid) < 0)
		log_warning("", "control socket %s: %m", path);
	snprintf(dir, sizeof(dir), "%s", path);
	*strrchr(dir, '/') = 0;
	if (c->automatic && !getenv("RUNTIME_DIRECTORY") &&
	    lchown(dir, id->uid, id->gid) < 0)
		log_warning("", "%s: %m", dir);
}

void ctl_change_back(struct server *s, const struct conf *conf)
{
	FILE *err = fopen("/dev/null", "we");

	if (err)
		(void)change(s, conf, s->routes->conf, err);
	if (err)
		fclose(err);
}
