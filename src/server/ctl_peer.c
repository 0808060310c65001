/* SPDX-License-Identifier: MIT */
/* Who is at the other end of a control socket, and what it hands over. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl_peer.h"

#define GROUPS 1024 /* that are looked through; of a peer with more, none counts */

/* Is GID among the groups of the peer of FD? */
static bool is_member(int fd, const struct ucred *peer, gid_t gid)
{
	gid_t groups[GROUPS];
	socklen_t n = sizeof(groups);

	if (peer->gid == gid)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &n) < 0)
		return false;
	for (size_t i = 0; i < n / sizeof(*groups); i++)
		if (groups[i] == gid)
			return true;
	return false;
}

bool ctl_peer_allowed(int fd, const char *path, int mode, char *who)
{
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t n = sizeof(peer);
	struct stat st;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) < 0) {
		snprintf(who, CTL_WHO, "somebody");
		return false;
	}
	snprintf(who, CTL_WHO, "pid %d of uid %u", (int)peer.pid, (unsigned)peer.uid);
	if (peer.uid == 0 || peer.uid == geteuid())
		return true;
	if (stat(path, &st) < 0)
		return false;
	return (mode & S_IWOTH) || ((mode & S_IWGRP) && is_member(fd, &peer, st.st_gid));
}

/* The first descriptor of M; the kernel has closed what it had no room for. */
static int descriptor_of(struct msghdr *m)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	int fd = -1;

	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len >= CMSG_LEN(sizeof(fd)))
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

ssize_t ctl_receive(int sock, void *p, size_t n, int *ret_fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec v = { p, n };
	struct msghdr m = {
		.msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen =
			CMSG_LEN(sizeof(int)), /* CMSG_SPACE() has room for two */
	};
	ssize_t r = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);

	if (r < 0)
		return -errno;
	*ret_fd = descriptor_of(&m);
	return r;
}
