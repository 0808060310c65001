/* SPDX-License-Identifier: MIT */
/* owner.h - which process listens on an address? */
#ifndef IO_OWNER_H
#define IO_OWNER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#define OWNER_TEXT 64 /* room that every answer fits in */

/*
 * Who keeps us from listening on SA (IPv4, IPv6 or Unix, LEN bytes): `websocketd (pid
 * 812)`; `another process (uid 33)` when we may not see its descriptors; or `another
 * process`.  An address that overlaps SA counts, as 0.0.0.0 does with any.  The text goes
 * to OUT (CAP bytes, cut to fit), unprintable bytes as '?'.  False: /proc knows nobody,
 * and OUT is untouched.  This reads all of /proc: for error messages only.
 */
bool owner_find(const struct sockaddr *sa, socklen_t len, char *out, size_t cap);

#endif
