/* SPDX-License-Identifier: MIT */
/* Binds tickets to the listener that gave them and the name that their client asked for.
 */
#include <openssl/evp.h>
#include <sys/socket.h>

#include "tls_impl.h"

/* The address that the client came to; its length. */
static socklen_t place_of(SSL *ssl, struct sockaddr_storage *at)
{
	socklen_t n = sizeof(*at);

	return getsockname(SSL_get_fd(ssl), (struct sockaddr *)at, &n) == 0 ? n : 0;
}

/*
 * Before OpenSSL looks at a ticket: one of another session id context is not taken, and
 * the client begins anew (RFC 6066 3 asks that of another name; RFC 8446 8.1 and 4.2.11
 * leave it to the server).
 */
static int on_hello(SSL *ssl, int *alert, void *arg)
{
	struct sockaddr_storage at = { 0 };
	socklen_t n = place_of(ssl, &at);
	const unsigned char *name = NULL;
	unsigned char md[32];
	size_t name_n = 0;
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	bool ok;

	(void)arg;
	SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &name, &name_n);
	ok = c && EVP_DigestInit_ex(c, EVP_sha256(), NULL) &&
	     EVP_DigestUpdate(c, &at, n) && EVP_DigestUpdate(c, name, name_n) &&
	     EVP_DigestFinal_ex(c, md, NULL) &&
	     SSL_set_session_id_context(ssl, md, sizeof(md));
	EVP_MD_CTX_free(c);
	*alert = SSL_AD_INTERNAL_ERROR;
	return ok && tls_choose_name(ssl, alert) ? SSL_CLIENT_HELLO_SUCCESS
						 : SSL_CLIENT_HELLO_ERROR;
}

void tls_set_place(SSL_CTX *ctx)
{
	/* A context is always set: with certificates of clients none is an error. */
	SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"wsbridged", 9);
	SSL_CTX_set_client_hello_cb(ctx, on_hello, NULL);
}
