/* SPDX-License-Identifier: MIT */
/* terminal_page.h - the page that is a terminal, and what it may do in a browser. */
#ifndef WEB_TERMINAL_PAGE_H
#define WEB_TERMINAL_PAGE_H

#include <stddef.h>

#define TERMINAL_PAGE "/-/terminal/" /* and the path without its first slash */

#define TERMINAL_NONCE 25   /* room for a nonce: 128 bits in base64, and a NUL */
#define TERMINAL_POLICY 512 /* room for terminal_page_policy() */

/* A NONCE that nobody can know before.  0 or -errno. */
int terminal_page_nonce(char *nonce);

/* The page: a text of *RET_N bytes, yours to free(); NULL: out of memory.  Its script
 * marks the style elements that the terminal makes with NONCE. */
char *terminal_page(const char *nonce, size_t *ret_n);

/* Its Content-Security-Policy, which takes only style elements with NONCE.  OUT has
 * TERMINAL_POLICY bytes; returned. */
const char *terminal_page_policy(const char *nonce, char *out);

#endif
