/* SPDX-License-Identifier: MIT */
/* Decides on the certificates of clients, in their handshakes. */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "tls_impl.h"

/* What a handshake is decided by; it lives as long as the SSL_CTX. */
struct rules {
	char **subjects; /* patterns, NULL-terminated; or NULL */
	unsigned flags;  /* of enum tls_verify */
	bool asked, required;
};

static int rules_index = -1;

static void rules_free(struct rules *r)
{
	for (char **s = r ? r->subjects : NULL; s && *s; s++)
		free(*s);
	if (r)
		free(r->subjects);
	free(r);
}

static void on_ctx_free(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl,
			void *argp)
{
	(void)parent;
	(void)ad;
	(void)idx;
	(void)argl;
	(void)argp;
	rules_free(ptr);
}

static bool copy_subjects(struct rules *r, char *const *subjects)
{
	size_t n = 0;

	while (subjects && subjects[n])
		n++;
	if (n == 0)
		return true;
	r->subjects = calloc(n + 1, sizeof(*r->subjects));
	for (size_t i = 0; r->subjects && i < n; i++) {
		r->subjects[i] = strdup(subjects[i]);
		if (!r->subjects[i])
			return false;
	}
	return r->subjects;
}

/* Those of CONF, now CTX's; NULL: out of memory. */
static struct rules *add_rules(SSL_CTX *ctx, const struct tls_conf *conf)
{
	struct rules *r = calloc(1, sizeof(*r));

	if (rules_index < 0)
		rules_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, on_ctx_free);
	if (!r || !copy_subjects(r, conf->client_subject) ||
	    !SSL_CTX_set_ex_data(ctx, rules_index, r)) {
		rules_free(r);
		return NULL;
	}
	r->flags = conf->verify_flags;
	r->asked = conf->client_certificate != TLS_CLIENT_NONE;
	r->required = conf->client_certificate == TLS_CLIENT_REQUIRE;
	return r;
}

static const struct rules *rules_of(const SSL *ssl)
{
	return SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), rules_index);
}

/* ---- in a handshake ---- */

static bool is_welcome(const struct rules *r, const X509 *x)
{
	char subject[TLS_NAME];

	if (!r->subjects)
		return true;
	if (!tls_name_text(X509_get_subject_name(x), subject, sizeof(subject)))
		return false;
	for (char **s = r->subjects; *s; s++)
		if (fnmatch(*s, subject, FNM_NOESCAPE) == 0)
			return true;
	return false;
}

/* Which flag of ours lets an error of OpenSSL pass. */
static const struct {
	int error;
	enum tls_verify flag;
} passing[] = {
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, TLS_ALLOW_UNKNOWN_CA },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, TLS_ALLOW_UNKNOWN_CA },
	{ X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, TLS_ALLOW_UNKNOWN_CA },
	{ X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, TLS_ALLOW_UNKNOWN_CA },
	{ X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, TLS_ALLOW_UNKNOWN_CA },
	{ X509_V_ERR_CERT_UNTRUSTED, TLS_ALLOW_UNKNOWN_CA },
	{ X509_V_ERR_INVALID_PURPOSE, TLS_IGNORE_USAGE },
	{ X509_V_ERR_UNABLE_TO_GET_CRL, TLS_IGNORE_CRL_UNAVAILABLE },
	{ X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER, TLS_IGNORE_CRL_UNAVAILABLE },
};

/* An unknown authority stays with the connection as its result: GENEROUS. */
static bool passes(X509_STORE_CTX *store, unsigned flags)
{
	int error = X509_STORE_CTX_get_error(store);

	for (size_t i = 0; i < sizeof(passing) / sizeof(*passing); i++) {
		if (passing[i].error != error || !(passing[i].flag & flags))
			continue;
		if (passing[i].flag != TLS_ALLOW_UNKNOWN_CA)
			X509_STORE_CTX_set_error(store, X509_V_OK);
		return true;
	}
	return false;
}

/* OpenSSL's word on one certificate of the chain is OK; ours is the last. */
static int on_verify(int ok, X509_STORE_CTX *store)
{
	const SSL *ssl =
		X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	const struct rules *r = rules_of(ssl);

	if (!ok && !passes(store, r->flags))
		return 0;
	/* 0 is the client's own, of which errors come before its OK. */
	if (ok && X509_STORE_CTX_get_error_depth(store) == 0 &&
	    !is_welcome(r, X509_STORE_CTX_get_current_cert(store))) {
		X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
		return 0;
	}
	return 1;
}

/* Would the client of a ticket be let in today? */
static bool is_still_welcome(const struct rules *r, SSL_SESSION *session)
{
	const X509 *x = SSL_SESSION_get0_peer(session);

	if (!x)
		return !r->required;
	if (!(r->flags & TLS_IGNORE_TIME) &&
	    (X509_cmp_current_time(X509_get0_notBefore(x)) > 0 ||
	     X509_cmp_current_time(X509_get0_notAfter(x)) < 0))
		return false;
	return is_welcome(r, x);
}

/* Else it has to show its certificate once more. */
static SSL_TICKET_RETURN on_ticket(SSL *ssl, SSL_SESSION *session,
				   const unsigned char *name, size_t n,
				   SSL_TICKET_STATUS status, void *arg)
{
	const struct rules *r = rules_of(ssl);

	(void)name;
	(void)n;
	(void)arg;
	if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW)
		return SSL_TICKET_RETURN_IGNORE_RENEW;
	if (r->asked && !is_still_welcome(r, session))
		return SSL_TICKET_RETURN_IGNORE_RENEW;
	return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE
					    : SSL_TICKET_RETURN_USE_RENEW;
}

/* ---- settings ---- */

static bool load_file(SSL_CTX *ctx, const char *file, struct tls_error *err)
{
	STACK_OF(X509_NAME) * names;

	if (!tls_can_open(err, "ca_file", file))
		return false;
	names = SSL_load_client_CA_file(file);
	if (!names || !SSL_CTX_load_verify_file(ctx, file)) {
		sk_X509_NAME_pop_free(names, X509_NAME_free);
		return tls_wrong_reason(err, "ca_file", file);
	}
	SSL_CTX_set_client_CA_list(ctx, names);
	return true;
}

static bool load_dir(SSL_CTX *ctx, const char *dir, struct tls_error *err)
{
	DIR *d = opendir(dir);

	if (!d)
		return tls_cannot_open(err, "ca_dir", dir, -errno);
	closedir(d);
	return SSL_CTX_load_verify_dir(ctx, dir) || tls_wrong_reason(err, "ca_dir", dir);
}

static bool load_crls(SSL_CTX *ctx, const char *file, struct tls_error *err)
{
	X509_LOOKUP *l =
		X509_STORE_add_lookup(SSL_CTX_get_cert_store(ctx), X509_LOOKUP_file());

	if (!tls_can_open(err, "crl_file", file))
		return false;
	return (l && X509_load_crl_file(l, file, X509_FILETYPE_PEM) > 0) ||
	       tls_wrong_reason(err, "crl_file", file);
}

static unsigned long flags_of(const struct tls_conf *conf)
{
	static const struct {
		enum tls_verify ours;
		unsigned long openssl;
	} flags[] = {
		{ TLS_IGNORE_TIME, X509_V_FLAG_NO_CHECK_TIME },
		{ TLS_CHECK_CRL, X509_V_FLAG_CRL_CHECK },
		{ TLS_CHECK_CRL_ALL, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL },
		{ TLS_PARTIAL_CHAIN, X509_V_FLAG_PARTIAL_CHAIN },
		{ TLS_X509_STRICT, X509_V_FLAG_X509_STRICT },
	};
	unsigned long all = conf->crl_file ? X509_V_FLAG_CRL_CHECK : 0;

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (conf->verify_flags & flags[i].ours)
			all |= flags[i].openssl;
	return all;
}

static bool check(const struct tls_conf *conf, struct tls_error *err)
{
	if (conf->client_certificate == TLS_CLIENT_NONE || conf->ca_file ||
	    conf->ca_dir || conf->verify_flags & TLS_ALLOW_UNKNOWN_CA)
		return true;
	return tls_wrong(err, "client_certificate",
			 "client_certificate needs ca_file or ca_dir, who may sign them");
}

bool tls_set_verify(SSL_CTX *ctx, const struct tls_conf *conf, struct tls_error *err)
{
	static const int modes[] = {
		[TLS_CLIENT_NONE] = SSL_VERIFY_NONE,
		[TLS_CLIENT_REQUEST] = SSL_VERIFY_PEER,
		[TLS_CLIENT_REQUIRE] = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
	};
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);

	if (!check(conf, err))
		return false;
	if ((conf->ca_file && !load_file(ctx, conf->ca_file, err)) ||
	    (conf->ca_dir && !load_dir(ctx, conf->ca_dir, err)) ||
	    (conf->crl_file && !load_crls(ctx, conf->crl_file, err)))
		return false;
	if (!add_rules(ctx, conf))
		return tls_wrong(err, "client_certificate", "out of memory");
	X509_STORE_set_flags(store, flags_of(conf));
	SSL_CTX_set_verify(ctx, modes[conf->client_certificate], on_verify);
	SSL_CTX_set_session_ticket_cb(ctx, NULL, on_ticket, NULL);
	return true;
}
