/* SPDX-License-Identifier: MIT */
/* ctl_impl.h - a client of the control socket, as ctl.c and ctl_accept.c share it. */
#ifndef SERVER_CTL_IMPL_H
#define SERVER_CTL_IMPL_H

#include "command.h"
#include "ctl.h"
#include "ctl_peer.h"

struct ctl_client {
	struct server *server;
	bool dead;
	ev_io io;
	ev_timer stalled;
	struct buf in, out;
	bool overlong; /* a line that is too long is skipped */
	bool ended;    /* the client has nothing more to say */
	int fd;        /* that came along for one of the requests in `in`, or -1 */
	size_t fd_end; /* ... which the FD_END-th byte of `in` is of */
	bool busy;     /* with call */
	bool listing;  /* ... whose result has begun */
	bool first;    /* ... and has no element yet */
	struct call call;
	json_t *id;                /* of the call; NULL: it is not answered */
	struct follower *follower; /* NULL: it follows nothing */
	char who[CTL_WHO];
	LIST_ENTRY(ctl_client) link;
};

/* C, in the server's list, listens to what FD says from now on. */
void ctl_begin(struct ctl_client *c, int fd);

#endif
