/* SPDX-License-Identifier: MIT */
/* conf_tls.h - the TLS context of a snapshot: what [tls] names, read and checked. */
#ifndef SERVER_CONF_TLS_H
#define SERVER_CONF_TLS_H

#include "conf_report.h"

/*
 * Make C->tls_context, unless it is there, if [tls] has a certificate.  Errors in R: what
 * cannot be read or does not fit together, and a listener that wants TLS when there is no
 * certificate.  Warnings: the certificate's dates, a key that everybody can read.
 */
void conf_tls_make(struct conf *c, struct conf_report *r);

/* The same with a report of its own, written to ERR.  0, or the exit code 78 after
 * errors. */
int conf_tls_open(struct conf *c, FILE *err);

/* How many whole days C's certificate is still valid; negative: it is not. */
int conf_tls_days_left(const struct conf *c);

#endif
