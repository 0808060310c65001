/* SPDX-License-Identifier: MIT */
/* The sockets that a service manager has opened for us (sd_listen_fds(3)). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "passed.h"
#include "sys.h"

#define FIRST 3 /* SD_LISTEN_FDS_START */
#define NO_NAME "unknown"

/* LISTEN_FDS may say what it likes: what counts is open. */
static size_t count_open(long said)
{
	size_t n = 0;

	while ((long)n < said && fcntl(FIRST + (int)n, F_SETFD, FD_CLOEXEC) == 0)
		n++;
	return n;
}

/* The name that stands at *NAMES, up to a colon or the end, moving *NAMES behind it. */
static char *next_name(const char **names)
{
	const char *name = *names;
	size_t n = name ? strcspn(name, ":") : 0;

	if (name)
		*names = name[n] ? name + n + 1 : NULL;
	return n > 0 ? strndup(name, n) : strdup(NO_NAME);
}

static int take(struct passed *p, size_t n)
{
	const char *names = getenv("LISTEN_FDNAMES");

	p->sockets = calloc(n, sizeof(*p->sockets));
	if (!p->sockets)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		p->sockets[i].fd = FIRST + (int)i;
		p->sockets[i].name = next_name(&names);
		p->n++;
		if (!p->sockets[i].name)
			return -ENOMEM;
	}
	return 0;
}

int passed_take(struct passed *ret)
{
	struct passed p = { 0 };
	size_t n = 0;
	int r = 0;

	if (sys_env_number("LISTEN_PID") == (long)getpid())
		n = count_open(sys_env_number("LISTEN_FDS"));
	if (n > 0)
		r = take(&p, n);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (r < 0)
		passed_close(&p);
	*ret = p;
	return r;
}

bool passed_has(const struct passed *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->sockets[i].name, name) == 0)
			return true;
	return false;
}

static int option_of(int fd, int option)
{
	socklen_t n = sizeof(int);
	int value;

	return getsockopt(fd, SOL_SOCKET, option, &value, &n) == 0 ? value : -1;
}

bool passed_listens(int fd, struct addr *ret)
{
	int domain = option_of(fd, SO_DOMAIN), flags = fcntl(fd, F_GETFL);
	struct addr at = { .len = sizeof(at.un) };

	if (domain != AF_INET && domain != AF_INET6 && domain != AF_UNIX)
		return false;
	if (option_of(fd, SO_TYPE) != SOCK_STREAM || option_of(fd, SO_ACCEPTCONN) != 1)
		return false;
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    getsockname(fd, &at.sa, &at.len) < 0)
		return false;
	*ret = at;
	return true;
}

/* Has one of the first N the name of the next? */
static bool stands_before(const struct passed *p, size_t n)
{
	struct passed before = { p->sockets, n };

	return passed_has(&before, p->sockets[n].name);
}

const char *passed_names(const struct passed *p, char *out, size_t cap)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < p->n && n < cap; i++)
		if (!stands_before(p, i))
			n += (size_t)snprintf(out + n, cap - n, "%s%s", n ? ", " : "",
					      p->sockets[i].name);
	return out;
}

void passed_close(struct passed *p)
{
	for (size_t i = 0; i < p->n; i++) {
		close(p->sockets[i].fd);
		free(p->sockets[i].name);
	}
	free(p->sockets);
	*p = (struct passed){ 0 };
}
