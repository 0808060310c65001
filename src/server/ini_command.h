/* SPDX-License-Identifier: MIT */
/* ini_command.h - writes a command as the line `exec = ...` of an ini. */
#ifndef SERVER_INI_COMMAND_H
#define SERVER_INI_COMMAND_H

#include <stdio.h>

/* The absolute path of the file NAME, as the daemon may be started elsewhere; yours,
 * or NULL. */
char *ini_absolute(const char *name);

/* Write the words of ARGV (NULL-terminated), the program with its whole path. */
void ini_put_command(FILE *out, char *const *argv);

#endif
