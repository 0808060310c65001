/* SPDX-License-Identifier: MIT */
/* line_buffer.h - makes programs write line by line. */
#ifndef BRIDGE_LINE_BUFFER_H
#define BRIDGE_LINE_BUFFER_H

#include "source_exec.h"

/*
 * The variables that a program started as CONF says should get (NULL-terminated, static):
 * coreutils' libstdbuf for those that use C's stdio, and Python's own switch.  Without
 * the library where it is not installed, CONF's env sets LD_PRELOAD, or the program was
 * built with ASan, which wants to be first.  For a terminal as standard output what keeps
 * programs from drawing on it, for one as all three what it can draw.
 */
const char *const *line_buffer_env(const struct exec_conf *conf);

#endif
