/* SPDX-License-Identifier: MIT */
/* Can the daemon listen where a snapshot says, and should it? */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "addr.h"
#include "conf_check.h"
#include "owner.h"

static struct conf_origin where(const struct listen_conf *l)
{
	return (struct conf_origin){ l->file, l->line };
}

static bool is_wsbridged(const char *owner)
{
	return strncmp(owner, "wsbridged (", strlen("wsbridged (")) == 0;
}

/* A daemon that is not root shows its descriptors to root alone
 * (privileges_hide_memory()). */
static bool is_hidden(const char *owner)
{
	return strncmp(owner, "another process", strlen("another process")) == 0;
}

/* Somebody else listens there. */
static void warn_in_use(const struct listen_conf *l, const struct addr *a,
			struct conf_report *r)
{
	char owner[OWNER_TEXT] = "another process";

	owner_find(&a->sa, a->len, owner, sizeof(owner));
	if (is_hidden(owner) && getenv("MAINPID")) /* ExecReload=: we are the owner */
		return;
	if (!is_wsbridged(owner))
		conf_warning(r, where(l), "cannot listen on %s: in use by %s", l->text,
			     owner);
}

/* Bind a socket as the listener will, and close it again.  0 or -errno. */
static int try_bind(const struct addr *a, bool shared)
{
	int fd = socket(a->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;
	int r = 0;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (shared)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	if (a->sa.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, &a->sa, a->len) < 0)
		r = -errno;
	close(fd);
	return r;
}

static void check_inet(const struct listen_conf *l, bool shared, struct conf_report *r)
{
	struct addr a;
	int status;

	addr_inet(l->host, l->port, &a);
	status = try_bind(&a, shared);
	if (status == -EADDRINUSE)
		warn_in_use(l, &a, r);
	else if (status < 0)
		conf_warning(r, where(l), "cannot listen on %s: %s", l->text,
			     strerror(-status));
}

/* Is somebody behind the socket at A? */
static bool is_answered(const struct addr *a)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool yes;

	if (fd < 0)
		return false;
	yes = connect(fd, &a->sa, a->len) == 0 || errno != ECONNREFUSED;
	close(fd);
	return yes;
}

/* Can a file be made beside PATH? */
static void check_directory(const struct listen_conf *l, struct conf_report *r)
{
	char dir[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	struct stat st;

	snprintf(dir, sizeof(dir), "%s", l->path);
	*strrchr(dir, '/') = 0;
	if (!*dir)
		strcpy(dir, "/");
	if (stat(dir, &st) < 0)
		conf_error(r, where(l), "listen: %s: %s", dir,
			   errno == ENOENT ? "no such directory" : strerror(errno));
	else if (access(dir, W_OK | X_OK) < 0)
		conf_warning(r, where(l), "listen: cannot make a socket in %s: %m", dir);
}

static void check_unix(const struct listen_conf *l, struct conf_report *r)
{
	struct addr a;
	struct stat st;

	addr_unix(l->path, &a);
	if (l->group && !getgrnam(l->group))
		conf_error(r, where(l), "listen: there is no group '%s'", l->group);
	if (lstat(l->path, &st) < 0)
		check_directory(l, r);
	else if (!S_ISSOCK(st.st_mode))
		conf_error(r, where(l), "listen: %s is there and is no socket", l->path);
	else if (is_answered(&a))
		warn_in_use(l, &a, r);
}

void conf_check_listen(const struct conf *c, const struct listen_conf *l,
		       struct conf_report *r)
{
	if (l->path)
		check_unix(l, r);
	else if (!l->systemd) /* what is passed is only known when it is */
		check_inet(l, !c->exclusive, r);
}
