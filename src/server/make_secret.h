/* SPDX-License-Identifier: MIT */
/* make_secret.h - wsbridged --hash-password and --hash-token: make the lines for an
 * [auth NAME]. */
#ifndef SERVER_MAKE_SECRET_H
#define SERVER_MAKE_SECRET_H

#include <stdio.h>

/*
 * Ask for a password, twice and without echo when standard input is a terminal, else take
 * the first line of it; print its yescrypt hash to OUT, with `USER:` before it unless
 * USER is NULL.  An exit code; what is wrong goes to ERR.
 */
int make_secret_password(const char *user, FILE *out, FILE *err);

/* Print a new random token to ERR, and the line that an [auth NAME] knows it by to OUT,
 * so that this alone can go to a file.  Its name is NAME, NULL: "NAME".  An exit code. */
int make_secret_token(const char *name, FILE *out, FILE *err);

#endif
