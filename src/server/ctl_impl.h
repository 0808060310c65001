/* SPDX-License-Identifier: MIT */
/* ctl_impl.h - a client of the control socket, as ctl.c and ctl_accept.c share it. */
#ifndef SERVER_CTL_IMPL_H
#define SERVER_CTL_IMPL_H

#include "caller.h"
#include "ctl.h"

struct ctl_client {
	struct caller caller; /* the first member */
	bool dead;
	ev_io io;
	ev_timer stalled;
	ev_timer look; /* is it still there? */
	LIST_ENTRY(ctl_client) link;
};

/* Begin to read the commands of C, which is in the server's list, from FD. */
void ctl_begin(struct ctl_client *c, int fd);

#endif
