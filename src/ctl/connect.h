/* SPDX-License-Identifier: MIT */
/* connect.h - wsbridgectl connect: a WebSocket on standard input and output. */
#ifndef CTL_CONNECT_H
#define CTL_CONNECT_H

/* ARGV[0] is the word, then come options and a URL.  The exit status; what went wrong has
 * been said. */
int connect_run(int argc, char **argv);

#endif
