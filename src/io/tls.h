/* SPDX-License-Identifier: MIT */
/* tls.h - what a server of TLS presents and accepts: certificate, key, protocols,
 * ciphers.
 */
#ifndef IO_TLS_H
#define IO_TLS_H

#include <stdbool.h>
#include <time.h>

enum tls_protocol { TLS_1_2 = 1, TLS_1_3 = 2 };

struct tls_conf {
	char *certificate;       /* PEM file: the certificate, then its issuers */
	char *key;               /* PEM file; NULL: the key is in certificate as well */
	char *key_password_file; /* whose first line opens the key; NULL: it is open */
	unsigned protocols;      /* of enum tls_protocol */
	char *ciphers;           /* of TLS 1.2, as openssl-ciphers(1) has them */
	char *ciphersuites;      /* of TLS 1.3; NULL: OpenSSL's choice */
	bool session_reuse;      /* give tickets, by which a client comes back sooner */
	double expiry_warning; /* seconds before its end that a certificate is told of */
};

/* What is wrong. */
struct tls_error {
	const char *member; /* the name of the member of struct tls_conf at fault ... */
	const char *other;  /* ... and of the one that it contradicts, or NULL */
	char text[512];     /* a sentence that begins with the first name */
};

/* A context: each connection that began with it keeps what it needs of it. */
struct tls;

/* As CONF, which is not kept, says.  Reads the files; secrets are wiped once used. Yours;
 * end with tls_free().  NULL, and why in ERR. */
struct tls *tls_new(const struct tls_conf *conf, struct tls_error *err);

/*
 * With a new key (ECDSA, P-256) and a certificate that it has signed itself, for
 * localhost, 127.0.0.1, ::1 and the numeric address HOST (NULL: none).  They are in
 * memory only.  Else CONF holds, without its files.
 */
struct tls *tls_new_self_signed(const struct tls_conf *conf, const char *host,
				struct tls_error *err);
void tls_free(struct tls *t); /* NULL is a no-op */

/* From when and until when the certificate is valid. */
time_t tls_valid_from(const struct tls *t);
time_t tls_valid_until(const struct tls *t);

/* SHA-256 of the certificate: AB:CD:... */
const char *tls_fingerprint(const struct tls *t);

/* The server's side of a connection at FD, or NULL: out of memory.  End with SSL_free().
 */
struct ssl_st *tls_accept(const struct tls *t, int fd);

#endif
