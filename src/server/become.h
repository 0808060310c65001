/* SPDX-License-Identifier: MIT */
/* become.h - which user the daemon becomes, once root has opened what only root can. */
#ifndef SERVER_BECOME_H
#define SERVER_BECOME_H

#include "conf_report.h"
#include "privileges.h"

/*
 * Find the user that CONF wants: *ret, to be freed with identity_free(), or NULL to stay
 * who we are.  0, or the exit code 78 with the reason on ERR: there is no such user or
 * group, or we would go on as root without `user = root`.  LENIENT: the latter is a
 * warning only.
 */
int become_find(const struct conf *conf, bool lenient, FILE *err, struct identity **ret);

/* Become ID (NULL: stay).  0, or the exit code 71 with the reason on ERR; the daemon
 * must not run then.  As a service, its memory is also hidden from its programs. */
int become(const struct identity *id, FILE *err);

/* For -t: do user and group of CONF exist, and could the daemon start with them?  The
 * user that it would become, as from become_find(). */
struct identity *become_check(const struct conf *conf, struct conf_report *r);

/* Warn of what the user that we have become could not open again at a reload: the
 * files of CONF, its low ports, the places of its Unix sockets. */
void become_check_again(const struct conf *conf, struct conf_report *r);

/* Warn if NEXT wants another user or group than USER and GROUP, those of the start
 * (NULL: none given), which only a restart can change. */
void become_check_change(const char *user, const char *group, const struct conf *next,
			 struct conf_report *r);

#endif
