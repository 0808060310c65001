/* SPDX-License-Identifier: MIT */
/* exec_pipes.h - the descriptors between the daemon and a program. */
#ifndef BRIDGE_EXEC_PIPES_H
#define BRIDGE_EXEC_PIPES_H

#include "source_exec.h"

#define STDERR_PIPE 4096 /* bytes: what a program may write ahead of its reader */

struct exec_pipes {
	int in, out, err; /* ours, non-blocking; -1: there is none */
	int far[3];       /* the program's 0, 1, 2; -1 or the same as another */
};

/* Make them as CONF says, a terminal of SIZE if it has one.  0 or -errno; whichever are
 * open are the caller's. */
int exec_pipes_open(const struct exec_conf *conf, struct terminal_size size,
		    struct exec_pipes *ret);

/* The program has got its ends: close ours of them. */
void exec_pipes_close_far(struct exec_pipes *p);

#endif
