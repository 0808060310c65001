/* SPDX-License-Identifier: MIT */
/* pages.h - the small pages that name the paths: HTML for people, JSON for the console.
 */
#ifndef WEB_PAGES_H
#define WEB_PAGES_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

/* What a page says of one path. */
struct web_path {
	const char *path; /* a prefix path ends in a star */
	const char *exec; /* the program's name */
	const char *frame, *type;
	bool write, eof;
	bool terminal;             /* pty */
	char *const *subprotocols; /* offered, NULL-terminated, or NULL */
	const char *session; /* the parameter of a query that names a session; or NULL */
	bool replay;         /* who comes gets what was said before */
	bool shared;         /* the program outlives its client */
	bool files;          /* it is no WebSocket: there are no messages */
};

/* A list of paths: a page, with a link to the CONSOLE and the DASHBOARD; or with JSON
 * [{"path":"/clock","write":true,...},...] of those that are a WebSocket.  NULL: out of
 * memory. */
struct pages_list *pages_list_begin(bool json, bool console, bool dashboard);
void pages_list_add(struct pages_list *l, const struct web_path *path);

/* L goes; its text is *RET's.  0 or -ENOMEM: then *RET is empty. */
int pages_list_end(struct pages_list *l, struct buf *ret);

/* Each gives a text of *RET_N bytes, yours to free(), or NULL: out of memory. */

/* May a browser that opens a path have a page that connects to it at once? */
enum pages_can {
	PAGES_CAN,
	PAGES_OFF,        /* there is no such page */
	PAGES_ELSEWHERE,  /* its address may not */
	PAGES_CROSS_SITE, /* a link of another site would start a program for that site */
};

/* What it sees of PATH where it may not. */
char *pages_upgrade(const struct web_path *path, enum pages_can why, size_t *ret_n);

/* An error page: STATUS with its phrase, and REASON. */
char *pages_error(int status, const char *reason, size_t *ret_n);

#endif
