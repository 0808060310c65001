/* SPDX-License-Identifier: MIT */
/* ctl_peer.h - who is at the other end of a control socket, and what it hands over. */
#ifndef SERVER_CTL_PEER_H
#define SERVER_CTL_PEER_H

#include <stdbool.h>
#include <sys/types.h>

#define CTL_WHO 48

/*
 * May the peer of FD, which came through the socket file PATH, give commands?  Root and
 * our own user may, others as the file's group and MODE have it.  WHO (CTL_WHO bytes)
 * names it for the log.
 */
bool ctl_peer_allowed(int fd, const char *path, int mode, char *who);

/* Read up to N bytes to P: their number, 0 at the end, or -errno.  *ret_fd is a
 * descriptor that came with the last of them, yours, or -1. */
ssize_t ctl_receive(int sock, void *p, size_t n, int *ret_fd);

#endif
