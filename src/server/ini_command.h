/* SPDX-License-Identifier: MIT */
/* ini_command.h - writes a command as the line `exec = ...` of an ini. */
#ifndef SERVER_INI_COMMAND_H
#define SERVER_INI_COMMAND_H

#include <stdio.h>

/* The file NAME from the root, as the daemon may be started elsewhere; yours, or NULL. */
char *ini_absolute(const char *name);

/* The words of ARGV (NULL-terminated), the program's path whole. */
void ini_put_command(FILE *out, char *const *argv);

#endif
