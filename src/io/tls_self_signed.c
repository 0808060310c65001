/* SPDX-License-Identifier: MIT */
/* Makes a certificate that is signed by its own key, in memory. */
#include <openssl/ec.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "tls_impl.h"

#define HOUR 3600L
#define DAY (24 * HOUR)
#define VALID (365 * DAY)
#define SERIAL 16 /* bytes (RFC 5280 4.1.2.2: at most 20) */

static bool set_serial(X509 *x)
{
	unsigned char bytes[SERIAL];
	BIGNUM *n;
	bool ok;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return false;
	bytes[0] &= 0x7f; /* it is positive */
	n = BN_bin2bn(bytes, sizeof(bytes), NULL);
	ok = n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x));
	BN_free(n);
	return ok;
}

static bool set_name(X509 *x)
{
	X509_NAME *name = X509_get_subject_name(x);

	return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
					  (const unsigned char *)"wsbridged", -1, -1,
					  0) &&
	       X509_set_issuer_name(x, name);
}

/* A clock may be behind ours. */
static bool set_dates(X509 *x)
{
	return X509_gmtime_adj(X509_getm_notBefore(x), -HOUR) &&
	       X509_gmtime_adj(X509_getm_notAfter(x), VALID);
}

static bool add_extension(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	bool ok = e && X509_add_ext(x, e, -1);

	X509_EXTENSION_free(e);
	return ok;
}

static bool add_extensions(X509 *x, const char *host)
{
	char names[256];

	snprintf(names, sizeof(names), "DNS:localhost,IP:127.0.0.1,IP:::1%s%s",
		 host ? ",IP:" : "", host ? host : "");
	return add_extension(x, NID_basic_constraints, "critical,CA:FALSE") &&
	       add_extension(x, NID_key_usage, "critical,digitalSignature") &&
	       add_extension(x, NID_ext_key_usage, "serverAuth") &&
	       add_extension(x, NID_subject_alt_name, names);
}

bool tls_make(SSL_CTX *ctx, const char *host)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	bool ok = key && x && X509_set_version(x, X509_VERSION_3) && set_serial(x) &&
		  set_name(x) && set_dates(x) && X509_set_pubkey(x, key) &&
		  add_extensions(x, host) && X509_sign(x, key, EVP_sha256()) > 0 &&
		  SSL_CTX_use_certificate(ctx, x) && SSL_CTX_use_PrivateKey(ctx, key);

	X509_free(x);
	EVP_PKEY_free(key);
	return ok;
}
