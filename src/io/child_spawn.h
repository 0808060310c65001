/* SPDX-License-Identifier: MIT */
/* child_spawn.h - from clone to exec: the only code that runs between the two. */
#ifndef IO_CHILD_SPAWN_H
#define IO_CHILD_SPAWN_H

#include <sys/types.h>

#include "child.h"

/* Start SPEC as the leader of a new session.  The pid once the exec has happened, or
 * -errno and *ret_what as child_start(). */
pid_t child_spawn(const struct child_spec *spec, const struct children *all,
		  const char **ret_what);

#endif
