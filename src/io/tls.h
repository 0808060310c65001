/* SPDX-License-Identifier: MIT */
/* tls.h - what a server of TLS presents and accepts: certificate, key, protocols,
 * ciphers.
 */
#ifndef IO_TLS_H
#define IO_TLS_H

#include <stdbool.h>
#include <time.h>

enum tls_protocol { TLS_1_0 = 1, TLS_1_1 = 2, TLS_1_2 = 4, TLS_1_3 = 8 };

enum tls_client_certificate { TLS_CLIENT_NONE, TLS_CLIENT_REQUEST, TLS_CLIENT_REQUIRE };

/* How a client's certificate is verified. */
enum tls_verify {
	TLS_IGNORE_TIME = 1,
	TLS_ALLOW_UNKNOWN_CA = 2,
	TLS_IGNORE_USAGE = 4,
	TLS_IGNORE_CRL_UNAVAILABLE = 8,
	TLS_CHECK_CRL = 16,
	TLS_CHECK_CRL_ALL = 32,
	TLS_PARTIAL_CHAIN = 64,
	TLS_X509_STRICT = 128,
};

struct tls_conf {
	char *certificate;       /* PEM file: the certificate, then its issuers; or a file
				  * of PKCS#12 */
	char *key;               /* PEM file; NULL: the key is in certificate as well */
	char *key_password_file; /* whose first line opens the key; NULL: it is open */
	unsigned protocols;      /* of enum tls_protocol */
	char *ciphers;           /* of TLS 1.2, as openssl-ciphers(1) has them */
	char *ciphersuites;      /* of TLS 1.3; NULL: OpenSSL's choice */
	unsigned min_cipher_bits; /* of either */
	char **algorithms;  /* bulk ciphers allowed of either, NULL-terminated; NULL: all
			     */
	char *groups;       /* for the key exchange; NULL: OpenSSL's choice */
	bool session_reuse; /* give tickets, by which a client comes back sooner; or to
			     * one that takes none the id of its session */
	double session_timeout; /* seconds that one is good for */
	double expiry_warning;  /* seconds before its end that a certificate is told of */
	enum tls_client_certificate client_certificate;
	char *ca_file;         /* who may sign those of clients; PEM; or NULL */
	char *ca_dir;          /* ... and these, by hashed names; or NULL */
	char *crl_file;        /* PEM: what they have revoked; or NULL */
	char **client_subject; /* patterns, one of which has to match; NULL: any */
	unsigned verify_flags; /* of enum tls_verify */
	char *provider;        /* of OpenSSL; NULL: its default */
	char *prng_seed_file;  /* for its random numbers as well; or NULL */
	char *prng_seed;       /* the same as text; or NULL */
};

/* What is wrong. */
struct tls_error {
	const char *member; /* the name of the member of struct tls_conf at fault ... */
	const char *other;  /* ... and of the one that it contradicts, or NULL */
	char text[512];     /* a sentence that begins with the first name */
};

/* A context: each connection that began with it keeps what it needs of it. */
struct tls;

/* As CONF, which is not kept, says.  Reads the files; secrets are wiped once used. With
 * one reference.  NULL, and why in ERR.  Without a certificate it serves those alone who
 * ask for a name of tls_add_name(). */
struct tls *tls_new(const struct tls_conf *conf, struct tls_error *err);

/*
 * With a new key (ECDSA, P-256) and a certificate that it has signed itself, for
 * localhost, 127.0.0.1, ::1 and the numeric address HOST (NULL: none).  They are in
 * memory only.  Else CONF holds, without its files.  With one reference; or NULL, as
 * above.
 */
struct tls *tls_new_self_signed(const struct tls_conf *conf, const char *host,
				struct tls_error *err);

struct tls *tls_ref(struct tls *t); /* NULL stays NULL */
void tls_unref(struct tls *t);      /* NULL is a no-op */

/* Clients of T that ask for a name that PATTERN matches get NAMED, which has the same
 * provider; a name that stands there as such wins.  0 or -ENOMEM. */
int tls_add_name(struct tls *t, const char *pattern, struct tls *named);

/* Is NAME the PATTERN, or with "*.x" something and ".x", without a dot in it? */
bool tls_name_matches(const char *pattern, const char *name);

/* From when and until when the certificate is valid. */
time_t tls_valid_from(const struct tls *t);
time_t tls_valid_until(const struct tls *t);

/* Bits of its key if that is one of RSA, else 0. */
int tls_rsa_bits(const struct tls *t);

/* SHA-256 of the certificate: AB:CD:... */
const char *tls_fingerprint(const struct tls *t);

struct bio_st; /* OpenSSL's BIO */

/* The server's side of a connection through SOCKET (tls_socket.h; taken over, NULL is out
 * of memory), or NULL: out of memory.  End with SSL_free(). */
struct ssl_st *tls_accept(const struct tls *t, struct bio_st *socket);

#define TLS_NAME 1024 /* bytes that a subject or issuer may have */

/* What a client and we have agreed on, and who it is. */
struct tls_seen {
	const char *version, *cipher;
	int bits;
	bool resumed;           /* by a ticket */
	char server_name[256];  /* that it asks for; "": none */
	const char *verify;     /* "NONE", it showed no certificate; "SUCCESS"; or
				 * "GENEROUS": by somebody unknown, which is allowed */
	char subject[TLS_NAME]; /* of its certificate, as RFC 2253 writes it; "": none */
	char issuer[TLS_NAME];
	char serial[64];      /* hexadecimal */
	char fingerprint[96]; /* SHA-256: AB:CD:... */
};

/* What is known of SSL, whose handshake is over.  End with free().  NULL: out of memory.
 */
struct tls_seen *tls_look(const struct ssl_st *ssl);

#endif
