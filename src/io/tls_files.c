/* SPDX-License-Identifier: MIT */
/* Reads certificate and key from their files: of PEM, or one of PKCS#12. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "tls_impl.h"

#define PASSWORD_MAX 1024

bool tls_cannot_open(struct tls_error *err, const char *member, const char *file, int r)
{
	return tls_wrong(err, member, "%s: %s: %s", member, file,
			 r == -ENOENT ? "no such file" : file_error(r));
}

bool tls_can_open(struct tls_error *err, const char *member, const char *file)
{
	int fd = file_open(file);

	if (fd < 0)
		return tls_cannot_open(err, member, file, fd);
	close(fd);
	return true;
}

/* ---- the password of a key ---- */

struct password {
	char text[PASSWORD_MAX];
	size_t n;
	bool given, asked;
};

/* The first line of FILE. */
static bool read_password(struct password *p, const char *file, struct tls_error *err)
{
	int fd = file_open(file);
	ssize_t n = fd < 0 ? fd : read(fd, p->text, sizeof(p->text));
	const char *end;

	if (n < 0)
		tls_cannot_open(err, "key_password_file", file, fd < 0 ? fd : -errno);
	if (fd >= 0)
		close(fd);
	if (n < 0)
		return false;
	end = memchr(p->text, '\n', (size_t)n);
	p->n = end ? (size_t)(end - p->text) : (size_t)n;
	if (p->n == sizeof(p->text) || p->n == 0)
		return tls_wrong(err, "key_password_file",
				 "key_password_file: %s: its first line is %s", file,
				 p->n ? "too long" : "empty");
	p->given = true;
	return true;
}

/* Without this one OpenSSL would ask at the terminal. */
static int give_password(char *out, int cap, int writing, void *data)
{
	struct password *p = data;

	(void)writing;
	p->asked = true;
	if (!p->given || p->n > (size_t)cap)
		return -1;
	memcpy(out, p->text, p->n);
	return (int)p->n;
}

/* ---- the key ---- */

static bool wrong_key(struct tls_error *err, const char *file, const struct password *p)
{
	if (!p->asked)
		return tls_wrong_reason(err, "key", file);
	if (!p->given)
		return tls_wrong(err, "key",
				 "key: %s: it is encrypted; set key_password_file", file);
	tls_wrong_reason(err, "key", file);
	strncat(err->text, "; the password in key_password_file does not open it",
		sizeof(err->text) - strlen(err->text) - 1);
	return false;
}

/* The key in FILE, yours; NULL, and why in ERR. */
static EVP_PKEY *read_key(OSSL_LIB_CTX *lib, const char *file, struct password *p,
			  struct tls_error *err)
{
	int fd = file_open(file);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	EVP_PKEY *key;

	if (!f) {
		tls_cannot_open(err, "key", file, fd < 0 ? fd : -errno);
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	setvbuf(f, NULL, _IONBF, 0); /* the key is not to stay in stdio's memory */
	key = PEM_read_PrivateKey_ex(f, NULL, give_password, p, lib, NULL);
	if (!key)
		wrong_key(err, file, p);
	fclose(f);
	return key;
}

static bool use_key(SSL_CTX *ctx, const char *file, EVP_PKEY *key, struct tls_error *err)
{
	if (!X509_check_private_key(SSL_CTX_get0_certificate(ctx), key)) {
		tls_wrong(err, "key", "key does not belong to certificate");
		err->other = "certificate";
		return false;
	}
	return SSL_CTX_use_PrivateKey(ctx, key) || tls_wrong_reason(err, "key", file);
}

static bool load_key(SSL_CTX *ctx, OSSL_LIB_CTX *lib, const struct tls_conf *conf,
		     struct tls_error *err)
{
	const char *file = conf->key ? conf->key : conf->certificate;
	struct password p = { .n = 0 };
	EVP_PKEY *key = NULL;
	bool ok = !conf->key_password_file ||
		  read_password(&p, conf->key_password_file, err);

	if (ok)
		key = read_key(lib, file, &p, err);
	OPENSSL_cleanse(&p, sizeof(p));
	ok = key && use_key(ctx, file, key, err);
	EVP_PKEY_free(key);
	return ok;
}

/* ---- both in PKCS#12 (RFC 7292) ---- */

/* DER begins with a SEQUENCE, PEM with a letter or a dash. */
static bool is_pkcs12(const char *file)
{
	FILE *f = fopen(file, "re");
	int first = f ? getc(f) : EOF;

	if (f)
		fclose(f);
	return first == 0x30;
}

struct pkcs12_parts {
	EVP_PKEY *key;
	X509 *certificate;
	STACK_OF(X509) * issuers;
};

/* What is in FILE.  False, and why in ERR. */
static bool open_pkcs12(PKCS12 *p12, const char *file, struct password *p,
			struct pkcs12_parts *parts, struct tls_error *err)
{
	if (!PKCS12_parse(p12, p->text, &parts->key, &parts->certificate,
			  &parts->issuers))
		return tls_wrong_reason(err, "certificate", file);
	if (!parts->key || !parts->certificate)
		return tls_wrong(err, "certificate",
				 "certificate: %s: it holds no certificate with its key",
				 file);
	return true;
}

static bool use_pkcs12(SSL_CTX *ctx, const char *file, const struct pkcs12_parts *parts,
		       struct tls_error *err)
{
	bool ok = SSL_CTX_use_certificate(ctx, parts->certificate) &&
		  SSL_CTX_use_PrivateKey(ctx, parts->key);

	if (ok && sk_X509_num(parts->issuers) > 0)
		ok = SSL_CTX_set1_chain(ctx, parts->issuers);
	return ok || tls_wrong_reason(err, "certificate", file);
}

static void free_parts(struct pkcs12_parts *parts)
{
	EVP_PKEY_free(parts->key);
	X509_free(parts->certificate);
	sk_X509_pop_free(parts->issuers, X509_free);
}

static bool load_pkcs12(SSL_CTX *ctx, OSSL_LIB_CTX *lib, const struct tls_conf *conf,
			struct tls_error *err)
{
	const char *file = conf->certificate;
	struct password p = { .n = 0 };
	struct pkcs12_parts parts = { NULL, NULL, NULL };
	FILE *f = fopen(file, "re");
	PKCS12 *p12 = PKCS12_init_ex(NID_pkcs7_data, lib, NULL);
	bool ok = f && p12 && d2i_PKCS12_fp(f, &p12);

	if (!ok)
		tls_wrong_reason(err, "certificate", file);
	if (f)
		fclose(f);
	if (ok && conf->key_password_file)
		ok = read_password(&p, conf->key_password_file, err);
	p.text[p.n] = '\0';
	ok = ok && open_pkcs12(p12, file, &p, &parts, err) &&
	     use_pkcs12(ctx, file, &parts, err);
	OPENSSL_cleanse(&p, sizeof(p));
	free_parts(&parts);
	PKCS12_free(p12);
	return ok;
}

/* ---- the certificate ---- */

static bool load_certificate(SSL_CTX *ctx, const char *file, struct tls_error *err)
{
	struct password none = { .n = 0 };

	SSL_CTX_set_default_passwd_cb(ctx, give_password);
	SSL_CTX_set_default_passwd_cb_userdata(ctx, &none);
	return SSL_CTX_use_certificate_chain_file(ctx, file) ||
	       tls_wrong_reason(err, "certificate", file);
}

bool tls_load(SSL_CTX *ctx, OSSL_LIB_CTX *lib, const struct tls_conf *conf,
	      struct tls_error *err)
{
	if (!tls_can_open(err, "certificate", conf->certificate))
		return false;
	if (!is_pkcs12(conf->certificate))
		return load_certificate(ctx, conf->certificate, err) &&
		       load_key(ctx, lib, conf, err);
	if (conf->key)
		return tls_wrong(err, "key",
				 "key: the certificate's file is one of PKCS#12, which "
				 "holds the key as well");
	return load_pkcs12(ctx, lib, conf, err);
}
