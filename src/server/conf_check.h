/* SPDX-License-Identifier: MIT */
/* conf_check.h - checks a snapshot against the system: are the files, programs, users
 * and addresses there? */
#ifndef SERVER_CONF_CHECK_H
#define SERVER_CONF_CHECK_H

#include "conf_report.h"

/*
 * Look for the programs, directories, groups, addresses, descriptors, certificate and key
 * that C needs, and write what is missing (errors) or unwise (warnings) to ERR.  0, or
 * the exit code 78 after errors. An address in use is a warning, and nothing when
 * wsbridged has it; opening it will tell.
 */
int conf_check_world(struct conf *c, FILE *err);

/* Only the programs and their directories. */
int conf_check_programs(const struct conf *c, FILE *err);

/* The listeners' part of it (conf_check_listen.c). */
void conf_check_listen(const struct conf *c, const struct listen_conf *l,
		       struct conf_report *r);

/* How people get in (conf_check_auth.c). */
void conf_check_auth(const struct conf *c, struct conf_report *r);

/* Paths that cannot be reached, lists of addresses that cannot be meant
 * (conf_check_access.c). */
void conf_check_access(const struct conf *c, struct conf_report *r);

/* The FIFOs, and the file, that are behind PATH (conf_check_files.c). */
void conf_check_fifos(const struct conf *c, const struct path_conf *path,
		      struct conf_report *r);
void conf_check_file(const struct conf *c, const struct path_conf *path,
		     struct conf_report *r);

#endif
