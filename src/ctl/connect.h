/* SPDX-License-Identifier: MIT */
/* connect.h - wsbridgectl connect: a WebSocket on standard input and output. */
#ifndef CTL_CONNECT_H
#define CTL_CONNECT_H

/* Run it: ARGV[0] is the word `connect`, then come options and a URL.  The exit
 * status; errors have been reported on standard error. */
int connect_run(int argc, char **argv);

#endif
