/* SPDX-License-Identifier: MIT */
/* Does the world have what a snapshot asks for? */
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "become.h"
#include "conf_check.h"
#include "conf_memory.h"
#include "conf_tls.h"
#include "nearest.h"
#include "which.h"

#define DESCRIPTORS_PER_CLIENT 4 /* its socket and the program's three pipes */
#define DESCRIPTORS_OF_DAEMON 32 /* the listeners, the log, epoll and the like */

/* What a path's check is about. */
struct path_check {
	const struct conf *conf;
	const struct path_conf *path;
	struct conf_report *report;
	const char *search; /* PATH of its program */
};

/* Where KEY was written, else the whole file. */
static struct conf_origin where(const struct path_check *k, const char *key)
{
	struct conf_origin at = conf_where(k->conf, k->path, key);

	return at.file ? at : (struct conf_origin){ k->conf->file, 0 };
}

/* Where the command was written. */
static struct conf_origin where_command(const struct path_check *k)
{
	struct conf_origin at = conf_where(k->conf, k->path, "exec");

	return at.file ? at : where(k, "shell");
}

/* ---- programs ---- */

static void offer_directory(struct nearest *n, const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	if (!d)
		return;
	while ((e = readdir(d)))
		nearest_offer(n, e->d_name);
	closedir(d);
}

/* Offer every name in the directories of PATH. */
static void offer_path(struct nearest *n, const char *path)
{
	char *copy = strdup(path);
	char *state;

	if (!copy)
		return;
	for (char *dir = strtok_r(copy, ":", &state); dir;
	     dir = strtok_r(NULL, ":", &state))
		offer_directory(n, dir);
	free(copy);
}

static void report_missing(const struct path_check *k, const char *name)
{
	const char *meant;
	struct nearest n;

	if (strchr(name, '/')) {
		conf_error(k->report, where_command(k), "exec: %s: no such file", name);
		return;
	}
	nearest_init(&n, name);
	offer_path(&n, k->search);
	meant = nearest_found(&n);
	if (meant)
		conf_error(k->report, where_command(k),
			   "exec: '%s' not found in PATH (%s); did you mean '%s'?", name,
			   k->search, meant);
	else
		conf_error(k->report, where_command(k),
			   "exec: '%s' not found in PATH (%s)", name, k->search);
}

/* Does the file FILE begin with #! and name an interpreter NAME? */
static bool is_script_of(const char *file, const char *name)
{
	FILE *f = fopen(file, "re");
	char line[256];
	bool yes;

	if (!f)
		return false;
	yes = fgets(line, sizeof(line), f) && strncmp(line, "#!", 2) == 0 &&
	      strstr(line, name);
	fclose(f);
	return yes;
}

/* Is FILE the program NAME, by whatever links it is called, or a script for it? */
static bool is_program(const char *file, const char *name)
{
	char real[PATH_MAX];

	if (!realpath(file, real))
		return false;
	return strncmp(strrchr(real, '/') + 1, name, strlen(name)) == 0 ||
	       is_script_of(real, name);
}

static bool has_word(char *const *argv, const char *word)
{
	for (; *argv; argv++)
		if (strcmp(*argv, word) == 0)
			return true;
	return false;
}

/* Programs whose output stays in their own buffer whatever line_buffer does. */
static void hint_buffering(const struct path_check *k, const char *file)
{
	if (k->path->exec.line_buffer != LINE_BUFFER_YES)
		return;
	if (is_program(file, "mawk") && !has_word(k->path->exec.argv, "interactive"))
		conf_warning(
			k->report, where_command(k),
			"exec: mawk holds its output back and line_buffer = yes cannot "
			"help; give it -W interactive, or set line_buffer = pty");
	else if (is_program(file, "perl"))
		conf_warning(
			k->report, where_command(k),
			"exec: perl holds its output back and line_buffer = yes cannot "
			"help; set $| = 1 in the program, or line_buffer = pty");
}

static void check_program(const struct path_check *k)
{
	const char *name = k->path->exec.argv[0];
	char file[PATH_MAX];
	int r = which_from(k->path->exec.cwd, name, k->search, file, sizeof(file));

	if (r == -ENOENT)
		report_missing(k, name);
	else if (r < 0)
		conf_error(k->report, where_command(k), "exec: %s: not executable", name);
	else
		hint_buffering(k, file);
}

static void check_cwd(const struct path_check *k)
{
	const char *cwd = k->path->exec.cwd;
	struct stat st;

	if (!cwd)
		return;
	if (stat(cwd, &st) < 0)
		conf_error(k->report, where(k, "cwd"), "cwd: %s: %s", cwd,
			   errno == ENOENT ? "no such directory" : strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		conf_error(k->report, where(k, "cwd"), "cwd: %s: not a directory", cwd);
	else if (access(cwd, X_OK) < 0)
		conf_error(k->report, where(k, "cwd"), "cwd: %s: %m", cwd);
}

/* What of a path's files the daemon could not serve. */
static void check_files(const struct path_check *k)
{
	const char *files = k->path->files;
	struct conf_origin at = where(k, "static");
	struct stat st;

	if (stat(files, &st) < 0)
		conf_error(k->report, at, "static: %s: %s", files,
			   errno == ENOENT ? "no such file or directory"
					   : strerror(errno));
	else if (!S_ISDIR(st.st_mode) && (k->path->prefix || !S_ISREG(st.st_mode)))
		conf_error(k->report, at, "static: %s: not a directory", files);
	else if (access(files, S_ISDIR(st.st_mode) ? X_OK : R_OK) < 0)
		conf_error(k->report, at, "static: %s: %m", files);
	else if (st.st_mode & S_IWOTH)
		conf_warning(k->report, at,
			     "static: %s: every user of this machine can change it",
			     files);
}

/* A program cannot get more descriptors than the hard limit. */
static void check_nofile(const struct path_check *k)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
	    k->path->exec.nofile > limit.rlim_max)
		conf_error(k->report, where(k, "nofile"),
			   "nofile = %u is more than the hard limit of %llu; "
			   "raise LimitNOFILE= or ulimit -Hn",
			   k->path->exec.nofile, (unsigned long long)limit.rlim_max);
}

/* ---- the daemon ---- */

/* The daemon raises its soft limit to the hard one, so that counts. */
static void check_descriptors(const struct conf *c, struct conf_report *r)
{
	struct path_check daemon = { .conf = c };
	unsigned long long need =
		(unsigned long long)c->limits.max_connections * DESCRIPTORS_PER_CLIENT +
		DESCRIPTORS_OF_DAEMON;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_max == RLIM_INFINITY ||
	    limit.rlim_max >= need)
		return;
	conf_warning(
		r, where(&daemon, "max_connections"),
		"max_connections = %u can need %llu file descriptors, there are %llu; "
		"raise LimitNOFILE= or ulimit -Hn",
		c->limits.max_connections, need, (unsigned long long)limit.rlim_max);
}

static void check_control(const struct conf *c, struct conf_report *r)
{
	struct path_check daemon = { .conf = c };

	if (c->control.group && !getgrnam(c->control.group))
		conf_error(r, where(&daemon, "control.group"),
			   "group: there is no group '%s'", c->control.group);
}

/* A program of the daemon's own, in its own PATH. */
static void check_hook(struct conf_origin at, const char *key, char *const *argv,
		       struct conf_report *r)
{
	char file[PATH_MAX];
	int err = argv ? which(argv[0], which_path(NULL), file, sizeof(file)) : 0;

	if (err < 0)
		conf_error(r, at, "%s: %s: %s", key, argv[0],
			   err == -EACCES ? "not executable" : "no such file");
}

static void check_hooks(const struct conf *c, struct conf_report *r)
{
	const struct {
		const char *key;
		char *const *argv;
	} hooks[] = { { "on_request", c->hooks.on_request },
		      { "on_open", c->hooks.on_open },
		      { "on_close", c->hooks.on_close } };

	for (size_t i = 0; i < sizeof(hooks) / sizeof(*hooks); i++)
		check_hook(conf_where(c, NULL, hooks[i].key), hooks[i].key, hooks[i].argv,
			   r);
	for (size_t i = 0; i < c->nauth; i++)
		check_hook(conf_where_named(c, &c->auth[i].head, "exec"), "exec",
			   c->auth[i].exec, r);
}

/* ---- all kinds ---- */

static void check_fifos(const struct path_check *k)
{
	conf_check_fifos(k->conf, k->path, k->report);
}

static void check_file(const struct path_check *k)
{
	conf_check_file(k->conf, k->path, k->report);
}

static void check_exec(const struct path_check *k)
{
	check_program(k);
	check_cwd(k);
	check_nofile(k);
}

/* Somebody may listen there later. */
static void check_socket(const struct path_check *k)
{
	const char *path = k->path->connect.target.addr.un.sun_path;
	struct stat st;

	if (stat(path, &st) < 0)
		conf_warning(k->report, where(k, "connect"), "connect: %s: %s", path,
			     errno == ENOENT ? "no such socket yet" : strerror(errno));
	else if (!S_ISSOCK(st.st_mode))
		conf_warning(k->report, where(k, "connect"), "connect: %s: not a socket",
			     path);
}

static void check_connect(const struct path_check *k)
{
	const struct dial_target *to = &k->path->connect.target;
	double most = k->conf->limits.handshake_timeout;

	if (to->addr.len > 0 && to->addr.sa.sa_family == AF_UNIX)
		check_socket(k);
	if (k->path->connect.timeout >= most)
		conf_warning(
			k->report, where(k, "connect_timeout"),
			"connect_timeout is not reached: handshake_timeout (%gs) ends "
			"the request before",
			most);
}

static void check_paths(const struct conf *c, struct conf_report *r)
{
	static void (*const checks[])(const struct path_check *k) = {
		[SOURCE_EXEC] = check_exec,    [SOURCE_CONNECT] = check_connect,
		[SOURCE_STATIC] = check_files, [SOURCE_FIFO] = check_fifos,
		[SOURCE_FILE] = check_file,    [SOURCE_ECHO] = NULL,
		[SOURCE_CHANNEL] = NULL,
	};

	for (size_t i = 0; i < c->npaths; i++) {
		const struct path_conf *path = c->paths[i];
		struct path_check k = { c, path, r, which_path(path->exec.env) };

		if (checks[path->source])
			checks[path->source](&k);
	}
}

/* What the daemon does as the user that it becomes is checked as that user: nothing
 * needs root after this. */
static void check_as_user(const struct conf *c, struct conf_report *r)
{
	struct identity *id = become_check(c, r);
	const char *what;

	if (id && privileges_drop(id, &what) == 0)
		become_check_again(c, r);
	identity_free(id);
	check_hooks(c, r);
	check_paths(c, r);
}

static int verdict(struct conf_report *r, FILE *err)
{
	conf_report_write(r, err);
	return r->errors > 0 ? EX_CONFIG : EX_OK;
}

int conf_check_programs(const struct conf *c, FILE *err)
{
	struct conf_report r = { .main = c->file };

	check_paths(c, &r);
	return verdict(&r, err);
}

int conf_check_world(struct conf *c, FILE *err)
{
	struct conf_report r = { .main = c->file };

	for (size_t i = 0; i < c->nlisten; i++)
		conf_check_listen(c, &c->listen[i], &r);
	conf_check_auth(c, &r);
	conf_check_access(c, &r);
	conf_tls_make(c, &r);
	check_descriptors(c, &r);
	conf_memory_check(c, &r);
	check_control(c, &r);
	check_as_user(c, &r);
	return verdict(&r, err);
}
