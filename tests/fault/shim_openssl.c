/* SPDX-License-Identifier: MIT */
/* shim_openssl.c - the calls of libssl and libcrypto that fail, as out of memory: with an
 * error in OpenSSL's own queue. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "shim.h"

/* Programs without OpenSSL have the shim, too. */
#pragma weak ERR_new
#pragma weak ERR_set_error

#define RAISED(failure) \
	(ERR_new(), ERR_set_error(ERR_LIB_SSL, ERR_R_MALLOC_FAILURE, NULL), failure)

/* As CALL(), of the daemon's own calls: OpenSSL calls itself, too. */
#define OPENSSL(type, name, parameters, arguments, failure)        \
	KNOW(name, ENOMEM);                                        \
	type name parameters                                       \
	{                                                          \
		return !is_openssl(__builtin_return_address(0)) && \
				       fails(&call_of_##name)      \
			       ? RAISED(failure)                   \
			       : REAL(name) arguments;             \
	}

/* ---- connections ---- */

OPENSSL(SSL *, SSL_new, (SSL_CTX * ctx), (ctx), NULL)
OPENSSL(int, SSL_read_ex, (SSL * ssl, void *p, size_t n, size_t *done), (ssl, p, n, done),
	0)
OPENSSL(int, SSL_write_ex, (SSL * ssl, const void *p, size_t n, size_t *done),
	(ssl, p, n, done), 0)
OPENSSL(int, SSL_shutdown, (SSL * ssl), (ssl), -1)
OPENSSL(SSL_CTX *, SSL_set_SSL_CTX, (SSL * ssl, SSL_CTX *ctx), (ssl, ctx), NULL)
OPENSSL(int, SSL_set_session_id_context, (SSL * ssl, const unsigned char *id, unsigned n),
	(ssl, id, n), 0)

/* ---- contexts and certificates ---- */

OPENSSL(SSL_CTX *, SSL_CTX_new_ex,
	(OSSL_LIB_CTX * lib, const char *q, const SSL_METHOD *m), (lib, q, m), NULL)
OPENSSL(long, SSL_CTX_ctrl, (SSL_CTX * ctx, int what, long n, void *p), (ctx, what, n, p),
	0)
OPENSSL(int, SSL_CTX_set_ex_data, (SSL_CTX * ctx, int i, void *p), (ctx, i, p), 0)
OPENSSL(int, SSL_CTX_set_cipher_list, (SSL_CTX * ctx, const char *list), (ctx, list), 0)
OPENSSL(int, SSL_CTX_set_ciphersuites, (SSL_CTX * ctx, const char *list), (ctx, list), 0)
OPENSSL(int, SSL_CTX_set_session_id_context,
	(SSL_CTX * ctx, const unsigned char *id, unsigned n), (ctx, id, n), 0)
OPENSSL(int, SSL_CTX_use_certificate_chain_file, (SSL_CTX * ctx, const char *file),
	(ctx, file), 0)
OPENSSL(int, SSL_CTX_use_PrivateKey, (SSL_CTX * ctx, EVP_PKEY *key), (ctx, key), 0)
OPENSSL(EVP_PKEY *, PEM_read_PrivateKey_ex,
	(FILE * file, EVP_PKEY **key, pem_password_cb *ask, void *data, OSSL_LIB_CTX *lib,
	 const char *q),
	(file, key, ask, data, lib, q), NULL)
OPENSSL(int, SSL_CTX_load_verify_file, (SSL_CTX * ctx, const char *file), (ctx, file), 0)
OPENSSL(STACK_OF(X509_NAME) *, SSL_load_client_CA_file, (const char *file), (file), NULL)
OPENSSL(int, X509_digest,
	(const X509 *x, const EVP_MD *md, unsigned char *p, unsigned *n), (x, md, p, n),
	0)
OPENSSL(int, ASN1_TIME_to_tm, (const ASN1_TIME *at, struct tm *tm), (at, tm), 0)
OPENSSL(int, X509_NAME_print_ex,
	(BIO * to, const X509_NAME *name, int indent, unsigned long flags),
	(to, name, indent, flags), -1)
OPENSSL(BIO *, BIO_new, (const BIO_METHOD *m), (m), NULL)

/* ---- digests and chance ---- */

OPENSSL(int, RAND_bytes, (unsigned char *p, int n), (p, n), 0)
OPENSSL(int, EVP_Digest,
	(const void *p, size_t n, unsigned char *to, unsigned *ret_n, const EVP_MD *md,
	 ENGINE *engine),
	(p, n, to, ret_n, md, engine), 0)
OPENSSL(EVP_MD_CTX *, EVP_MD_CTX_new, (void), (), NULL)
OPENSSL(int, EVP_DigestInit_ex, (EVP_MD_CTX * ctx, const EVP_MD *md, ENGINE *engine),
	(ctx, md, engine), 0)
OPENSSL(int, EVP_DigestUpdate, (EVP_MD_CTX * ctx, const void *p, size_t n), (ctx, p, n),
	0)
OPENSSL(int, EVP_DigestFinal_ex, (EVP_MD_CTX * ctx, unsigned char *p, unsigned *n),
	(ctx, p, n), 0)
