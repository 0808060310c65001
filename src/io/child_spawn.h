/* SPDX-License-Identifier: MIT */
/* child_spawn.h - from clone to exec: the only code that runs between the two. */
#ifndef IO_CHILD_SPAWN_H
#define IO_CHILD_SPAWN_H

#include <sys/types.h>

#include "child.h"

/* The signals that are ignored or handled now; bit 0 is signal 1. */
uint64_t child_signals(void);

/* Start SPEC as the leader of a new session.  The pid once the exec has happened, or
 * -errno and *ret_what as child_start(). */
pid_t child_spawn(const struct child_spec *spec, const struct children *all,
		  const char **ret_what);

#endif
