/* SPDX-License-Identifier: MIT */
/* conf_tls.h - the TLS contexts of a snapshot: what [tls] and [tls NAME] name, read and
 * checked. */
#ifndef SERVER_CONF_TLS_H
#define SERVER_CONF_TLS_H

#include "conf_report.h"

/* Check what the [tls NAME] sections say of each other. */
void conf_tls_settle(const struct conf *c, struct conf_report *r);

/*
 * Make the contexts of the sections, unless they are there: of each [tls NAME], and of
 * [tls] if it has a certificate or the others have names.  Errors in R: what cannot be
 * read or does not fit together.  Warnings: the certificates' dates, a key that everybody
 * can read.
 */
void conf_tls_make(struct conf *c, struct conf_report *r);

/* The same with a report of its own, written to ERR.  0, or the exit code 78 after
 * errors. */
int conf_tls_open(struct conf *c, FILE *err);

/* Give C, which has the same sections as OTHER, the contexts of OTHER. */
void conf_tls_share(struct conf *c, const struct conf *other);

/* [tls NAME], or [tls] for NULL; NULL: there is none such. */
const struct tls_section *conf_tls_named(const struct conf *c, const char *name);

/* The section for clients that ask for the host NAME at a listener that says just
 * `tls`. */
const struct tls_section *conf_tls_of_host(const struct conf *c, const char *name);

/* The sections, [tls] at 0; NULL behind the last. */
const struct tls_section *conf_tls_at(const struct conf *c, size_t i);

/* Where KEY of T was written, else the section's header, else C's file. */
struct conf_origin conf_tls_where(const struct conf *c, const struct tls_section *t,
				  const char *key);

/* How many whole days the certificate of T is still valid; negative: it is not. */
int conf_tls_days_left(const struct tls_section *t);

#endif
