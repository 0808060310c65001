/* SPDX-License-Identifier: MIT */
/* Reads certificate and key from their files. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tls_impl.h"

#define PASSWORD_MAX 1024

static bool cannot_open(struct tls_error *err, const char *member, const char *file)
{
	return tls_wrong(err, member, "%s: %s: %s", member, file,
			 errno == ENOENT ? "no such file" : strerror(errno));
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
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, p->text, sizeof(p->text));
	const char *end;

	if (n < 0)
		cannot_open(err, "key_password_file", file);
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
static EVP_PKEY *read_key(const char *file, struct password *p, struct tls_error *err)
{
	FILE *f = fopen(file, "re");
	EVP_PKEY *key;

	if (!f) {
		cannot_open(err, "key", file);
		return NULL;
	}
	setvbuf(f, NULL, _IONBF, 0); /* the key is not to stay in stdio's memory */
	key = PEM_read_PrivateKey(f, NULL, give_password, p);
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

static bool load_key(SSL_CTX *ctx, const struct tls_conf *conf, struct tls_error *err)
{
	const char *file = conf->key ? conf->key : conf->certificate;
	struct password p = { .n = 0 };
	EVP_PKEY *key = NULL;
	bool ok = !conf->key_password_file ||
		  read_password(&p, conf->key_password_file, err);

	if (ok)
		key = read_key(file, &p, err);
	OPENSSL_cleanse(&p, sizeof(p));
	ok = key && use_key(ctx, file, key, err);
	EVP_PKEY_free(key);
	return ok;
}

/* ---- the certificate ---- */

static bool load_certificate(SSL_CTX *ctx, const char *file, struct tls_error *err)
{
	FILE *f =
		fopen(file, "re"); /* OpenSSL's own errors would not say why it cannot */
	struct password none = { .n = 0 };

	if (!f)
		return cannot_open(err, "certificate", file);
	fclose(f);
	SSL_CTX_set_default_passwd_cb(ctx, give_password);
	SSL_CTX_set_default_passwd_cb_userdata(ctx, &none);
	return SSL_CTX_use_certificate_chain_file(ctx, file) ||
	       tls_wrong_reason(err, "certificate", file);
}

bool tls_load(SSL_CTX *ctx, const struct tls_conf *conf, struct tls_error *err)
{
	return load_certificate(ctx, conf->certificate, err) && load_key(ctx, conf, err);
}
