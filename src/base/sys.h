/* SPDX-License-Identifier: MIT */
/* sys.h - file-descriptor helpers and the sd_notify datagram. */
#ifndef BASE_SYS_H
#define BASE_SYS_H

#include <stdbool.h>

/* Open /dev/null on whichever of 0, 1, 2 are closed, so that no later descriptor lands
 * there. 0 or -errno. */
int sys_fill_stdio(void);

/* Raise the soft RLIMIT_NOFILE to the hard one.  The old soft limit, or -errno. */
long sys_raise_nofile(void);

/* A descriptor for output to what FD leads to that never blocks.  For a pipe or a
 * terminal it is a new, non-blocking one, so that processes which share FD keep theirs
 * as it is; else FD itself. */
int sys_own_output(int fd);

/* Seconds on the monotonic clock. */
double sys_now(void);

/* Seconds of CPU time that this thread has had. */
double sys_cpu(void);

/* Send STATE ("READY=1\nSTATUS=...") to the service manager (sd_notify(3)).  Nothing
 * happens without NOTIFY_SOCKET; never blocks. */
void sys_notify(const char *state);

/* The whole number, from 0 on, that the environment's variable NAME is; -1: it is none.
 */
long sys_env_number(const char *name);

/* Does FD lead to the journal (JOURNAL_STREAM, systemd.exec(5))? */
bool sys_is_journal(int fd);

#endif
