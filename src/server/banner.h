/* SPDX-License-Identifier: MIT */
/* banner.h - tells a person at the terminal what runs and how to use it. */
#ifndef SERVER_BANNER_H
#define SERVER_BANNER_H

#include "server.h"

/* On stdout: every path with its URL and mode, the console, where to edit, and how to get
 * there by ssh. */
void banner_print(const struct server *s);

#endif
