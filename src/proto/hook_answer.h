/* SPDX-License-Identifier: MIT */
/*
 * hook_answer.h - reads what the on_request hook, or the program of an auth, has written
 * about a request, line by line.
 *
 *      status 403 Not today
 *      subprotocol chat
 *      header X-Node: a7
 *      env TENANT=blue
 *      user alice
 */
#ifndef PROTO_HOOK_ANSWER_H
#define PROTO_HOOK_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#define HOOK_ANSWER_MOST 8192 /* bytes of it */
#define HOOK_ANSWER_FIELDS 16 /* header lines, and as many env lines */

/* All texts point into the bytes that were read. */
struct hook_answer {
	int status;                           /* 400 to 599: refuse with it; 0: accept */
	const char *text;                     /* why, or NULL */
	const char *subprotocol;              /* NULL: not said */
	const char *user;                     /* NULL: not said */
	char *header[HOOK_ANSWER_FIELDS + 1]; /* "Name: value", NULL-terminated */
	char *env[HOOK_ANSWER_FIELDS + 1];    /* "NAME=value", NULL-terminated */
	unsigned nheaders, nenv;
};

/*
 * Read the N bytes at TEXT, which are changed, have room for a NUL behind them and must
 * outlive RET.  True; or false: a line is none of the above or says what it may not (a
 * field that is ours or the connection's, control characters, a second status): *ret_line
 * is its number, from 1 on, and *ret_why static.
 */
bool hook_answer_read(char *text, size_t n, struct hook_answer *ret, unsigned *ret_line,
		      const char **ret_why);

#endif
