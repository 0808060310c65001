/* SPDX-License-Identifier: MIT */
/* A client's TLS: who the server is, and its records. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "addr.h"
#include "wire.h"

/* What WHAT has to do with fails, as OpenSSL says. */
static bool say(const char *what)
{
	unsigned long e = ERR_peek_last_error();
	const char *why = ERR_reason_error_string(e);

	if (ERR_SYSTEM_ERROR(e))
		why = strerror(ERR_GET_REASON(e));
	fprintf(stderr, "wsbridgectl: %s: %s\n", what, why ? why : "TLS error");
	ERR_clear_error();
	return false;
}

/* A terminal may be asked for its password. */
static bool use_certificate(SSL_CTX *c, const struct wire_tls_conf *conf)
{
	const char *key = conf->key ? conf->key : conf->cert;

	if (SSL_CTX_use_certificate_chain_file(c, conf->cert) != 1)
		return say(conf->cert);
	if (SSL_CTX_use_PrivateKey_file(c, key, SSL_FILETYPE_PEM) != 1)
		return say(key);
	return true;
}

static bool make_context(struct wire *w, const struct wire_tls_conf *conf)
{
	SSL_CTX *c = w->context = SSL_CTX_new(TLS_client_method());

	if (!c || !SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION))
		return say("TLS");
	SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE |
				    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				    SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_verify(c, conf->insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
	if (conf->cacert && SSL_CTX_load_verify_file(c, conf->cacert) != 1)
		return say(conf->cacert);
	if (!conf->cacert && SSL_CTX_set_default_verify_paths(c) != 1)
		return say("the system's certificates");
	return !conf->cert || use_certificate(c, conf);
}

/* The server's certificate must be of U's host, who is told that name; an address is not
 * (RFC 6066 3). */
static bool expect_host(SSL *ssl, const struct ws_url *u)
{
	struct addr numeric;

	if (addr_inet(u->name, u->port, &numeric))
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), u->name) == 1;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(ssl, u->name) == 1 &&
	       SSL_set_tlsext_host_name(ssl, u->name) == 1;
}

bool wire_tls_begin(struct wire *w, const struct ws_url *u,
		    const struct wire_tls_conf *conf)
{
	static const unsigned char alpn[] = "\x08http/1.1";

	if (!make_context(w, conf))
		return false;
	w->ssl = SSL_new(w->context);
	if (!w->ssl || SSL_set_fd(w->ssl, w->fd) != 1 || !expect_host(w->ssl, u) ||
	    SSL_set_alpn_protos(w->ssl, alpn, sizeof(alpn) - 1) != 0)
		return say("TLS");
	return true;
}

/* An SSL call returned R, no success: -EAGAIN, 0 at an orderly end, or -errno. */
static ssize_t failed(struct wire *w, int r, int other, bool *needs_other)
{
	int err = errno;
	int what = SSL_get_error(w->ssl, r);

	if (what == SSL_ERROR_WANT_READ || what == SSL_ERROR_WANT_WRITE) {
		*needs_other = what == other;
		return -EAGAIN;
	}
	if (what == SSL_ERROR_ZERO_RETURN)
		return 0;
	w->broken = true;
	if (what == SSL_ERROR_SYSCALL)
		return err ? -err : -ECONNRESET;
	return -EPROTO;
}

int wire_tls_handshake(struct wire *w, const struct ws_url *u)
{
	long verdict;
	int r;

	ERR_clear_error();
	errno = 0;
	w->read_needs_write = false;
	r = SSL_connect(w->ssl);
	if (r == 1)
		return 0;
	r = (int)failed(w, r, SSL_ERROR_WANT_WRITE, &w->read_needs_write);
	if (r == -EAGAIN)
		return r;
	verdict = SSL_get_verify_result(w->ssl);
	if (verdict != X509_V_OK)
		fprintf(stderr,
			"wsbridgectl: the certificate of %.*s: %s "
			"(--cacert FILE trusts it, --insecure asks nobody)\n",
			(int)u->authority.n, u->authority.p,
			X509_verify_cert_error_string(verdict));
	else if (r != -EPROTO)
		fprintf(stderr, "wsbridgectl: TLS: %s\n", strerror(r < 0 ? -r : EPIPE));
	else
		say("TLS");
	return -1;
}

ssize_t wire_tls_read(struct wire *w, void *p, size_t n)
{
	int r;

	if (w->broken)
		return -EPROTO;
	ERR_clear_error();
	errno = 0;
	w->read_needs_write = false;
	r = SSL_read(w->ssl, p, (int)n);
	return r > 0 ? r : failed(w, r, SSL_ERROR_WANT_WRITE, &w->read_needs_write);
}

ssize_t wire_tls_write(struct wire *w, const void *p, size_t n)
{
	ssize_t r;

	if (w->broken)
		return -EPIPE;
	ERR_clear_error();
	errno = 0;
	w->write_needs_read = false;
	r = SSL_write(w->ssl, p, n < INT32_MAX ? (int)n : INT32_MAX);
	if (r > 0)
		return r;
	r = failed(w, (int)r, SSL_ERROR_WANT_READ, &w->write_needs_read);
	return r == 0 ? -EPIPE : r;
}

void wire_tls_close(struct wire *w)
{
	if (w->ssl && !w->broken && SSL_is_init_finished(w->ssl))
		(void)SSL_shutdown(w->ssl);
	SSL_free(w->ssl);
	SSL_CTX_free(w->context);
	w->ssl = NULL;
	w->context = NULL;
}
