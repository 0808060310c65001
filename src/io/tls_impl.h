/* SPDX-License-Identifier: MIT */
/* tls_impl.h - what the files tls*.c tell each other. */
#ifndef IO_TLS_IMPL_H
#define IO_TLS_IMPL_H

#include <openssl/ssl.h>
#include <stdatomic.h>

#include "tls.h"

struct tls {
	atomic_uint refs; /* a snapshot is made beside the loop */
	SSL_CTX *ctx;
	char *groups; /* as tls_conf has them */
	time_t from, until;
	char fingerprint[96];
};

/* Say in ERR what is wrong with MEMBER.  False. */
bool tls_wrong(struct tls_error *err, const char *member, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same with the oldest reason that OpenSSL has, all of which are forgotten. */
bool tls_wrong_reason(struct tls_error *err, const char *member, const char *what);

/* SHA-256 of X: AB:CD:... to OUT, of 96 bytes. */
void tls_fingerprint_of(const X509 *x, char *out);

/* ---- tls_ciphers.c ---- */

/* What may be spoken on CTX: versions, ciphers, groups. */
bool tls_set_ciphers(SSL_CTX *ctx, const struct tls_conf *conf, struct tls_error *err);

/* ---- tls_verify.c ---- */

/* Whom CTX lets in by their certificates. */
bool tls_set_verify(SSL_CTX *ctx, const struct tls_conf *conf, struct tls_error *err);

/* ---- tls_place.c ---- */

/* Tickets that CTX gives hold for where their client came to, and the name it asked for,
 * alone. */
void tls_set_place(SSL_CTX *ctx);

/* ---- tls_names.c ---- */

/* In the callback for a client's hello: SSL goes on with the context of the name that it
 * asks for.  False: there is none, and no certificate for the rest; or as *ALERT says. */
bool tls_choose_name(SSL *ssl, int *alert);

/* ---- tls_look.c ---- */

/* NAME as RFC 2253 writes it, but with its UTF-8, to OUT of CAP bytes.  False: it does
 * not fit, and is cut. */
bool tls_name_text(const X509_NAME *name, char *out, size_t cap);

/* ---- tls_provider.c ---- */

/* The library context of the provider NAME; NULL: OpenSSL's own, which is also that of
 * "default" and of no NAME.  False, and why in ERR. */
bool tls_provider(const char *name, OSSL_LIB_CTX **ret, struct tls_error *err);

/* Stir what CONF has for it into the random numbers of LIB. */
bool tls_seed(OSSL_LIB_CTX *lib, const struct tls_conf *conf, struct tls_error *err);

/* ---- tls_files.c ---- */

/* FILE cannot be opened, as R (-errno) says. */
bool tls_cannot_open(struct tls_error *err, const char *member, const char *file, int r);

/* Can OpenSSL open FILE, and read it without waiting for anybody?  Its own errors would
 * not say why it cannot. */
bool tls_can_open(struct tls_error *err, const char *member, const char *file);

/* Give CTX certificate, issuers and key as CONF says.  False, and why in ERR. */
bool tls_load(SSL_CTX *ctx, OSSL_LIB_CTX *lib, const struct tls_conf *conf,
	      struct tls_error *err);

/* ---- tls_self_signed.c ---- */

/* Give CTX a new key and a certificate for it (tls_new_self_signed()). */
bool tls_make(SSL_CTX *ctx, const char *host);

#endif
