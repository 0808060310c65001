/* SPDX-License-Identifier: MIT */
/* Finds the process that listens on an address, by the tables of /proc. */
#include <ctype.h>
#include <dirent.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "owner.h"

#define TCP_LISTENING 0x0A        /* st in /proc/net/tcp: TCP_LISTEN */
#define UNIX_LISTENING 0x00010000 /* Flags in /proc/net/unix: __SO_ACCEPTCON */

/* A listening socket. */
struct found {
	unsigned long inode;
	unsigned uid;
	bool has_uid;
};

/* An Internet address of either family; IPv4 is mapped into IPv6. */
struct place {
	struct in6_addr address;
	unsigned port;
};

/* ---- the tables of sockets ---- */

static struct in6_addr mapped(in_addr_t v4)
{
	struct in6_addr a = { .s6_addr = { [10] = 0xff, [11] = 0xff } };

	memcpy(a.s6_addr + 12, &v4, 4);
	return a;
}

static bool is_any_v4(const struct in6_addr *a)
{
	struct in6_addr any = mapped(INADDR_ANY);

	return IN6_ARE_ADDR_EQUAL(a, &any);
}

/* May not both be listened on?  [::] takes IPv4 as well, unless it is IPV6_V6ONLY, which
 * /proc does not say. */
static bool overlap(const struct place *a, const struct place *b)
{
	const struct in6_addr *x = &a->address, *y = &b->address;

	if (a->port != b->port)
		return false;
	return IN6_ARE_ADDR_EQUAL(x, y) || IN6_IS_ADDR_UNSPECIFIED(x) ||
	       IN6_IS_ADDR_UNSPECIFIED(y) || (is_any_v4(x) && IN6_IS_ADDR_V4MAPPED(y)) ||
	       (is_any_v4(y) && IN6_IS_ADDR_V4MAPPED(x));
}

/* The address that /proc/net/tcp and tcp6 print as 32-bit words in this machine's order.
 * False: none. */
static bool read_address(const char *text, struct in6_addr *ret)
{
	uint32_t words[4];
	size_t n = strlen(text) / 8;

	if (n != 1 && n != 4)
		return false;
	for (size_t i = 0; i < n; i++)
		if (sscanf(text + 8 * i, "%8x", &words[i]) != 1)
			return false;
	if (n == 1)
		*ret = mapped(words[0]);
	else
		memcpy(ret, words, sizeof(words));
	return true;
}

/* Look for a listener that overlaps PLACE in FILE (/proc/net/tcp or tcp6). */
static bool find_inet(const char *file, const struct place *place, struct found *ret)
{
	FILE *f = fopen(file, "re");
	char line[512], address[33];
	bool found = false;

	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f)) {
		struct place entry;
		struct found who = { .has_uid = true };
		unsigned state;

		/* sl: local:port remote:port st tx:rx tr:when retrnsmt uid timeout inode
		 */
		if (sscanf(line, "%*u: %32[0-9A-F]:%x %*s %x %*s %*s %*s %u %*s %lu",
			   address, &entry.port, &state, &who.uid, &who.inode) != 5 ||
		    state != TCP_LISTENING || !read_address(address, &entry.address))
			continue;
		found = overlap(place, &entry);
		if (found)
			*ret = who;
	}
	fclose(f);
	return found;
}

/* The table of the same family first: a [::] of the other one may be IPV6_V6ONLY. */
static bool find_v4(const struct sockaddr_in *in, struct found *ret)
{
	struct place place = { mapped(in->sin_addr.s_addr), ntohs(in->sin_port) };

	return find_inet("/proc/net/tcp", &place, ret) ||
	       find_inet("/proc/net/tcp6", &place, ret);
}

static bool find_v6(const struct sockaddr_in6 *in6, struct found *ret)
{
	struct place place = { in6->sin6_addr, ntohs(in6->sin6_port) };

	return find_inet("/proc/net/tcp6", &place, ret) ||
	       find_inet("/proc/net/tcp", &place, ret);
}

/* The path of UN as /proc/net/unix prints it, LEN being the whole address: an abstract
 * name's NULs are @. */
static void unix_name(const struct sockaddr_un *un, socklen_t len, char *out)
{
	size_t n = len - offsetof(struct sockaddr_un, sun_path);

	if (n > 0 && un->sun_path[0])
		n = strnlen(un->sun_path, n);
	for (size_t i = 0; i < n; i++)
		out[i] = un->sun_path[i] ? un->sun_path[i] : '@';
	out[n] = 0;
}

static bool find_unix(const struct sockaddr_un *un, socklen_t len, struct found *ret)
{
	char line[512], want[sizeof(un->sun_path) + 1];
	FILE *f = fopen("/proc/net/unix", "re");
	bool found = false;
	struct stat st;

	if (!f)
		return false;
	unix_name(un, len, want);
	while (!found && fgets(line, sizeof(line), f)) {
		struct found who = { 0 };
		unsigned flags;
		int path = 0;

		/* Num: RefCount Protocol Flags Type St Inode Path */
		line[strcspn(line, "\n")] = 0;
		if (sscanf(line, "%*s %*s %*s %x %*s %*s %lu %n", &flags, &who.inode,
			   &path) != 2)
			continue;
		found = (flags & UNIX_LISTENING) && path > 0 &&
			strcmp(line + path, want) == 0;
		if (found)
			*ret = who;
	}
	fclose(f);
	/* The table has no uid, but who binds a path owns the file. */
	if (found && un->sun_path[0] && stat(want, &st) == 0) {
		ret->uid = st.st_uid;
		ret->has_uid = true;
	}
	return found;
}

/* ---- the processes ---- */

/* Has the process PID a descriptor of the socket INODE? */
static bool holds(long pid, unsigned long inode)
{
	char path[64], want[32], link[sizeof(want) + 1];
	struct dirent *entry;
	bool found = false;
	DIR *fds;

	snprintf(path, sizeof(path), "/proc/%ld/fd", pid);
	fds = opendir(path);
	if (!fds)
		return false;
	snprintf(want, sizeof(want), "socket:[%lu]", inode);
	while (!found && (entry = readdir(fds))) {
		ssize_t n = readlinkat(dirfd(fds), entry->d_name, link, sizeof(link) - 1);

		link[n > 0 ? n : 0] = 0;
		found = strcmp(link, want) == 0;
	}
	closedir(fds);
	return found;
}

/* The name of process PID, printable, to OUT (CAP bytes); "?" when it has just gone. */
static void process_name(long pid, char *out, size_t cap)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
	f = fopen(path, "re");
	if (!f || !fgets(out, (int)cap, f))
		snprintf(out, cap, "?");
	if (f)
		fclose(f);
	out[strcspn(out, "\n")] = 0;
	for (; *out; out++)
		if (!isprint((unsigned char)*out))
			*out = '?';
}

/* Name the first process that holds the socket INODE: the one that opened it has mostly
 * the lowest pid. */
static bool find_process(unsigned long inode, char *out, size_t cap)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	char name[32];
	bool found = false;

	if (!proc)
		return false;
	while (!found && (entry = readdir(proc))) {
		long pid = strtol(entry->d_name, NULL, 10);

		found = pid > 0 && holds(pid, inode);
		if (found) {
			process_name(pid, name, sizeof(name));
			snprintf(out, cap, "%s (pid %ld)", name, pid);
		}
	}
	closedir(proc);
	return found;
}

static bool find_socket(const struct sockaddr *sa, socklen_t len, struct found *ret)
{
	if (sa->sa_family == AF_INET && len >= sizeof(struct sockaddr_in))
		return find_v4((const struct sockaddr_in *)sa, ret);
	if (sa->sa_family == AF_INET6 && len >= sizeof(struct sockaddr_in6))
		return find_v6((const struct sockaddr_in6 *)sa, ret);
	if (sa->sa_family == AF_UNIX && len > offsetof(struct sockaddr_un, sun_path) &&
	    len <= sizeof(struct sockaddr_un))
		return find_unix((const struct sockaddr_un *)sa, len, ret);
	return false;
}

bool owner_find(const struct sockaddr *sa, socklen_t len, char *out, size_t cap)
{
	struct found who;

	if (!find_socket(sa, len, &who))
		return false;
	if (find_process(who.inode, out, cap))
		return true;
	if (who.has_uid)
		snprintf(out, cap, "another process (uid %u)", who.uid);
	else
		snprintf(out, cap, "another process");
	return true;
}
