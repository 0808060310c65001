/* SPDX-License-Identifier: MIT */
/* from_websocketd.h - turns a command line of websocketd into the ini that does the same.
 */
#ifndef SERVER_FROM_WEBSOCKETD_H
#define SERVER_FROM_WEBSOCKETD_H

#include <stdio.h>

/*
 * Write to OUT the ini for `websocketd ARGS...` (NULL-terminated, without the program's
 * name), as its flags are in version 0.4.1.  A flag without an equivalent becomes a
 * comment there and a line on ERR.  The exit code: 0, 64 what is no such command line, 71
 * out of memory.
 */
int from_websocketd(char *const *args, FILE *out, FILE *err);

#endif
