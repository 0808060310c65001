/* SPDX-License-Identifier: MIT */
/* source_exec.h - a program as a source of messages. */
#ifndef BRIDGE_SOURCE_EXEC_H
#define BRIDGE_SOURCE_EXEC_H

#include <stdbool.h>
#include <stdint.h>

#include "child.h"
#include "hub.h"
#include "stats.h"
#include "terminal.h"
#include "which.h"

enum exec_stderr { STDERR_LOG, STDERR_MERGE, STDERR_CLIENT, STDERR_DROP };
enum exec_line_buffer {
	LINE_BUFFER_NO,
	LINE_BUFFER_YES, /* preload libstdbuf so that stdio writes line by line */
	LINE_BUFFER_PTY, /* stdout is a raw pseudo-terminal */
};
enum exec_code { EXIT_CODE_STATUS, EXIT_CODE_PLAIN };

struct exec_conf {
	char **argv;     /* NULL-terminated; of `shell`: /bin/sh -c TEXT */
	char *cwd;       /* NULL: the daemon's */
	int umask;       /* -1: the daemon's */
	char **env;      /* NAME=value, NULL-terminated, or NULL */
	char **pass_env; /* names taken from the daemon's environment, or NULL */
	enum exec_stderr stderr_to;
	bool ends_at_eof; /* stdout's end is the end, whatever becomes of the program */
	enum exec_line_buffer line_buffer;
	struct terminal_size pty; /* stdin, stdout and stderr are one terminal; or 0 */
	bool pty_utf8;            /* whose characters are UTF-8 */
	enum exec_code exit_code; /* how an end that is no success is told */
	unsigned nofile;          /* its soft limit of descriptors; 0: the daemon's */
	bool new_privileges;      /* setuid programs work */
	double max_runtime;       /* seconds; 0: no limit */
	struct child_stop stop;
	unsigned max_processes; /* of this path, at the same time */
	double spawn_rate;      /* starts a second of this path; 0: no limit */
};

/* One start of a program. */
struct exec_start {
	const struct exec_conf *conf; /* as long as the hub's */
	char *const *envp;            /* needed during the start only */
	struct which_found *found;    /* where the program was, the last time */
	struct terminal_size size;    /* of its terminal, if CONF has one */
	const char *path;             /* for the log; as long as CONF */
	uint64_t id;                  /* as it stands in ENVP */
	unsigned *running; /* counted up now, down when the last of its group is gone */
};

/* Start the program and attach it to H.  0, or -errno of what failed, *ret_what naming
 * it. */
int source_exec_open(struct hub *h, const struct exec_start *start,
		     const char **ret_what);

#endif
