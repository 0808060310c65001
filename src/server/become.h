/* SPDX-License-Identifier: MIT */
/* become.h - whom the daemon runs as, once root has opened what only root can. */
#ifndef SERVER_BECOME_H
#define SERVER_BECOME_H

#include "conf_report.h"
#include "privileges.h"

/*
 * Whom CONF says to become: *ret, NULL to stay who we are, ends with identity_free().  0,
 * or the exit code 78 with the reason on ERR: there is no such user or group, or root
 * would go on as root and nobody has said so.  LENIENT: that is a warning only.
 */
int become_find(const struct conf *conf, bool lenient, FILE *err, struct identity **ret);

/* Become ID (NULL: stay).  0, or the exit code 71 with the reason on ERR; the daemon must
 * not run then.  As a service its memory is hidden from its programs. */
int become(const struct identity *id, FILE *err);

/* With -t: do user and group of CONF exist, and could the daemon start like this?  Whom
 * it would become, as with become_find(). */
struct identity *become_check(const struct conf *conf, struct conf_report *r);

/* Warn of what a reload could not have again, as the user that we have become: the files
 * of CONF, its low ports, the places of its Unix sockets. */
void become_check_again(const struct conf *conf, struct conf_report *r);

/* Does NEXT want another USER or GROUP than those of the start (NULL: not said), which
 * only a restart can give?  Then warn. */
void become_check_change(const char *user, const char *group, const struct conf *next,
			 struct conf_report *r);

#endif
