/* SPDX-License-Identifier: MIT */
/* What a server of TLS presents and accepts (RFC 9325). */
#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tls_impl.h"

#define SESSIONS_HELD 1000 /* by their ids, some 1 KiB each; the oldest goes */

/* ---- what is wrong ---- */

bool tls_wrong(struct tls_error *err, const char *member, const char *fmt, ...)
{
	va_list ap;

	err->member = member;
	err->other = NULL;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	ERR_clear_error();
	return false;
}

bool tls_wrong_reason(struct tls_error *err, const char *member, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_error());

	return tls_wrong(err, member, "%s: %s: %s", member, what,
			 reason ? reason : "not what OpenSSL can read");
}

/* ---- settings ---- */

/* HTTP/1.1 and nothing else (RFC 7301 3.2). */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_n,
			   const unsigned char *in, unsigned n, void *arg)
{
	static const unsigned char ours[] = "\x08http/1.1";
	unsigned char *chosen;

	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto(&chosen, out_n, ours, sizeof(ours) - 1, in, n) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/*
 * Tickets keep a session with its client: the server holds nothing for one that may never
 * come back.  Of TLS 1.2 without them it holds some by their ids; not where a certificate
 * decides, which OpenSSL would not ask again (a ticket: tls_verify.c).
 */
static void set_reuse(SSL_CTX *ctx, const struct tls_conf *conf)
{
	bool holds = conf->session_reuse && conf->client_certificate == TLS_CLIENT_NONE;

	SSL_CTX_set_session_cache_mode(ctx, holds ? SSL_SESS_CACHE_SERVER
						  : SSL_SESS_CACHE_OFF);
	SSL_CTX_sess_set_cache_size(ctx, SESSIONS_HELD);
	if (conf->session_timeout > 0)
		SSL_CTX_set_timeout(ctx, (long)conf->session_timeout);
	if (conf->session_reuse)
		return;
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	SSL_CTX_set_num_tickets(ctx, 0);
}

static void set_always(SSL_CTX *ctx)
{
	SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
					 SSL_OP_CIPHER_SERVER_PREFERENCE |
					 SSL_OP_PRIORITIZE_CHACHA);
	/* What the socket did not take lies in a queue that moves (buf.h); an idle
	 * connection holds no buffers. */
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_max_early_data(ctx, 0); /* it can be replayed (RFC 8446 8) */
	SSL_CTX_set_dh_auto(ctx, 1);
	SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
}

/* ---- the certificate ---- */

static time_t seconds_of(const ASN1_TIME *at)
{
	struct tm tm = { 0 };

	return ASN1_TIME_to_tm(at, &tm) ? timegm(&tm) : 0;
}

static void look_at_certificate(struct tls *t)
{
	const X509 *x = SSL_CTX_get0_certificate(t->ctx);

	t->from = seconds_of(X509_get0_notBefore(x));
	t->until = seconds_of(X509_get0_notAfter(x));
	tls_fingerprint_of(x, t->fingerprint);
}

/* ---- contexts ---- */

static bool set_conf(SSL_CTX *ctx, const struct tls_conf *conf, struct tls_error *err)
{
	set_always(ctx);
	set_reuse(ctx, conf);
	tls_set_place(ctx);
	return tls_set_ciphers(ctx, conf, err) && tls_set_verify(ctx, conf, err);
}

/* Nobody holds T (or NULL). */
static void end(struct tls *t)
{
	if (t) {
		SSL_CTX_free(t->ctx);
		free(t->groups);
	}
	free(t);
}

/* Without a certificate; NULL, and why in ERR. */
static struct tls *create(const struct tls_conf *conf, OSSL_LIB_CTX *lib,
			  struct tls_error *err)
{
	struct tls *t = calloc(1, sizeof(*t));

	if (t) {
		t->refs = 1;
		t->ctx = SSL_CTX_new_ex(lib, NULL, TLS_server_method());
	}
	if (!t || !t->ctx) {
		tls_wrong_reason(err, "provider", "no context for TLS");
		end(t);
		return NULL;
	}
	t->groups = conf->groups ? strdup(conf->groups) : NULL;
	if (conf->groups && !t->groups)
		tls_wrong(err, "groups", "out of memory");
	else if (set_conf(t->ctx, conf, err))
		return t;
	end(t);
	return NULL;
}

struct tls *tls_new(const struct tls_conf *conf, struct tls_error *err)
{
	OSSL_LIB_CTX *lib = NULL;
	struct tls *t;

	ERR_clear_error();
	if (!tls_provider(conf->provider, &lib, err) || !tls_seed(lib, conf, err))
		return NULL;
	t = create(conf, lib, err);
	if (!t)
		return NULL;
	if (!conf->certificate)
		return t;
	if (!tls_load(t->ctx, lib, conf, err)) {
		end(t);
		return NULL;
	}
	look_at_certificate(t);
	return t;
}

struct tls *tls_new_self_signed(const struct tls_conf *conf, const char *host,
				struct tls_error *err)
{
	struct tls *t = create(conf, NULL, err);

	if (!t)
		return NULL;
	if (!tls_make(t->ctx, host)) {
		tls_wrong_reason(err, "certificate", "cannot be made");
		end(t);
		return NULL;
	}
	look_at_certificate(t);
	return t;
}

struct tls *tls_ref(struct tls *t)
{
	if (t)
		t->refs++;
	return t;
}

void tls_unref(struct tls *t)
{
	if (t && --t->refs == 0)
		end(t);
}

time_t tls_valid_from(const struct tls *t)
{
	return t->from;
}

time_t tls_valid_until(const struct tls *t)
{
	return t->until;
}

int tls_rsa_bits(const struct tls *t)
{
	EVP_PKEY *key = X509_get0_pubkey(SSL_CTX_get0_certificate(t->ctx));

	return key && EVP_PKEY_is_a(key, "RSA") ? EVP_PKEY_get_bits(key) : 0;
}

const char *tls_fingerprint(const struct tls *t)
{
	return t->fingerprint;
}

SSL *tls_accept(const struct tls *t, BIO *socket)
{
	SSL *ssl = socket ? SSL_new(t->ctx) : NULL;

	if (ssl) {
		SSL_set_bio(ssl, socket, socket);
		SSL_set_accept_state(ssl);
		return ssl;
	}
	BIO_free(socket);
	ERR_clear_error();
	return NULL;
}
