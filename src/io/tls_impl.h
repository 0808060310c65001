/* SPDX-License-Identifier: MIT */
/* tls_impl.h - what the files tls*.c tell each other. */
#ifndef IO_TLS_IMPL_H
#define IO_TLS_IMPL_H

#include <openssl/ssl.h>

#include "tls.h"

/* Say in ERR what is wrong with MEMBER.  False. */
bool tls_wrong(struct tls_error *err, const char *member, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same with the oldest reason that OpenSSL has, all of which are forgotten. */
bool tls_wrong_reason(struct tls_error *err, const char *member, const char *what);

/* ---- tls_files.c ---- */

/* Give CTX certificate, issuers and key as CONF says.  False, and why in ERR. */
bool tls_load(SSL_CTX *ctx, const struct tls_conf *conf, struct tls_error *err);

/* ---- tls_self_signed.c ---- */

/* Give CTX a new key and a certificate for it (tls_new_self_signed()). */
bool tls_make(SSL_CTX *ctx, const char *host);

#endif
