/* SPDX-License-Identifier: MIT */
/* passed.h - the sockets that a service manager has opened for us (sd_listen_fds(3)). */
#ifndef IO_PASSED_H
#define IO_PASSED_H

#include <stdbool.h>
#include <stddef.h>

#include "addr.h"

struct passed_socket {
	int fd;
	char *name; /* FileDescriptorName= of its unit; several may share it */
};

struct passed {
	struct passed_socket *sockets;
	size_t n;
};

/*
 * Take over the descriptors that LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES announce, if
 * they are meant for this process, and unset the variables: programs will see neither.
 * To be called before anything else opens a descriptor.  0 or -ENOMEM; where nothing was
 * passed RET is empty.
 */
int passed_take(struct passed *ret);

/* Is there a socket of that name? */
bool passed_has(const struct passed *p, const char *name);

/* Get the address of the socket FD and make it non-blocking.  False: clients cannot
 * connect to it: it is of another type, or a connection itself (Accept=yes). */
bool passed_listens(int fd, struct addr *ret);

/* Write the names, each once, with ", " between them to OUT (CAP bytes); returned. */
const char *passed_names(const struct passed *p, char *out, size_t cap);

/* Close them all. */
void passed_close(struct passed *p);

#endif
