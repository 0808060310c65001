/* SPDX-License-Identifier: MIT */
/* Tells what a handshake has agreed on, and whose certificate the client has shown. */
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tls_impl.h"

bool tls_name_text(const X509_NAME *name, char *out, size_t cap)
{
	BIO *b = BIO_new(BIO_s_mem());
	char *text;
	long n;

	out[0] = '\0';
	if (!b ||
	    X509_NAME_print_ex(b, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0) {
		BIO_free(b);
		return false;
	}
	n = BIO_get_mem_data(b, &text);
	snprintf(out, cap, "%.*s", (int)n, n > 0 ? text : "");
	BIO_free(b);
	return (size_t)n < cap;
}

void tls_fingerprint_of(const X509 *x, char *out)
{
	unsigned char md[32] = { 0 };

	X509_digest(x, EVP_sha256(), md, NULL);
	for (size_t i = 0; i < sizeof(md); i++)
		snprintf(out + 3 * i, 4, i + 1 < sizeof(md) ? "%02X:" : "%02X", md[i]);
}

static void look_at_serial(const X509 *x, char *out, size_t cap)
{
	BIGNUM *n = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x), NULL);
	char *text = n ? BN_bn2hex(n) : NULL;

	snprintf(out, cap, "%s", text ? text : "");
	OPENSSL_free(text);
	BN_free(n);
}

static void look_at_client(struct tls_seen *s, const SSL *ssl)
{
	const X509 *x = SSL_get0_peer_certificate(ssl);

	s->verify = "NONE";
	if (!x)
		return;
	s->verify = SSL_get_verify_result(ssl) == X509_V_OK ? "SUCCESS" : "GENEROUS";
	tls_name_text(X509_get_subject_name(x), s->subject, sizeof(s->subject));
	tls_name_text(X509_get_issuer_name(x), s->issuer, sizeof(s->issuer));
	look_at_serial(x, s->serial, sizeof(s->serial));
	tls_fingerprint_of(x, s->fingerprint);
}

struct tls_seen *tls_look(const SSL *ssl)
{
	struct tls_seen *s = calloc(1, sizeof(*s));
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	if (!s)
		return NULL;
	s->version = SSL_get_version(ssl);
	s->cipher = SSL_get_cipher_name(ssl);
	s->bits = SSL_get_cipher_bits(ssl, NULL);
	s->resumed = SSL_session_reused(ssl);
	snprintf(s->server_name, sizeof(s->server_name), "%s", name ? name : "");
	look_at_client(s, ssl);
	ERR_clear_error();
	return s;
}
