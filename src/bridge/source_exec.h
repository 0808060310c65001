/* SPDX-License-Identifier: MIT */
/* source_exec.h - a program as a source: its stdin and stdout are pipes. */
#ifndef BRIDGE_SOURCE_EXEC_H
#define BRIDGE_SOURCE_EXEC_H

#include <stdbool.h>

#include "child.h"
#include "hub.h"

enum exec_stderr { STDERR_LOG, STDERR_MERGE, STDERR_DROP };

struct exec_conf {
	char **argv;     /* NULL-terminated; of `shell`: /bin/sh -c TEXT */
	char *cwd;       /* NULL: the daemon's */
	int umask;       /* -1: the daemon's */
	char **env;      /* NAME=value, NULL-terminated, or NULL */
	char **pass_env; /* names taken from the daemon's environment, or NULL */
	enum exec_stderr stderr_to;
	bool ends_at_eof; /* stdout's end is the end, whatever becomes of the program */
	bool line_buffer; /* preload libstdbuf so that stdio writes line by line */
	struct child_stop stop;
	unsigned max_processes; /* of this path, at the same time */
};

/* One start of a program. */
struct exec_start {
	const struct exec_conf *conf; /* as long as the hub's */
	char *const *envp;            /* needed during the start only */
	const char *who;              /* log prefix of its session, copied */
	unsigned *running; /* counted up now, down when the last of its group is gone */
};

/* Start the program and attach it to H.  0, or -errno of what failed, *ret_what naming
 * it. */
int source_exec_open(struct hub *h, const struct exec_start *start,
		     const char **ret_what);

#endif
