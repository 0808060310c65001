/* SPDX-License-Identifier: MIT */
/* A provider of OpenSSL in a library context of its own, and its random numbers. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tls_impl.h"

#define SEED_MOST 65536 /* bytes */

/* Connections that outlive their snapshot need it, and nothing counts them: it stays for
 * good, one for each name that was ever configured. */
struct library {
	char *name;
	OSSL_LIB_CTX *ctx;
	struct library *next;
};

static struct library *libraries;

/* The provider that NAME is of no use without: fips cannot read keys, legacy has no
 * ciphers of today. */
static const char *companion(const char *name)
{
	if (strcmp(name, "fips") == 0)
		return "base";
	return strcmp(name, "legacy") == 0 ? "default" : NULL;
}

static bool load(OSSL_LIB_CTX *ctx, const char *name)
{
	const char *other = companion(name);

	return ctx && OSSL_PROVIDER_load(ctx, name) &&
	       (!other || OSSL_PROVIDER_load(ctx, other));
}

bool tls_provider(const char *name, OSSL_LIB_CTX **ret, struct tls_error *err)
{
	struct library *l = libraries;

	*ret = NULL;
	if (!name || strcmp(name, "default") == 0 || strcmp(name, "*") == 0)
		return true;
	while (l && strcmp(l->name, name) != 0)
		l = l->next;
	if (!l) {
		l = calloc(1, sizeof(*l));
		if (l) {
			l->name = strdup(name);
			l->ctx = OSSL_LIB_CTX_new();
		}
		if (!l || !l->name || !load(l->ctx, name)) {
			tls_wrong_reason(err, "provider", name);
			if (l) {
				OSSL_LIB_CTX_free(l->ctx);
				free(l->name);
			}
			free(l);
			return false;
		}
		l->next = libraries;
		libraries = l;
	}
	*ret = l->ctx;
	return true;
}

/* It is counted as no entropy, so whatever it is can make nothing worse. */
static bool stir(OSSL_LIB_CTX *lib, const void *p, size_t n, const char *member,
		 struct tls_error *err)
{
	return n == 0 || EVP_RAND_reseed(RAND_get0_primary(lib), 0, NULL, 0, p, n) ||
	       tls_wrong_reason(err, member, "cannot be used");
}

static bool seed_by_file(OSSL_LIB_CTX *lib, const char *file, struct tls_error *err)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	unsigned char *seed = malloc(SEED_MOST);
	ssize_t n = fd >= 0 && seed ? read(fd, seed, SEED_MOST) : -1;
	bool ok = n >= 0 || tls_cannot_open(err, "prng_seed_file", file, -errno);

	if (n > 0) {
		ok = stir(lib, seed, (size_t)n, "prng_seed_file", err);
		OPENSSL_cleanse(seed, (size_t)n);
	}
	free(seed);
	if (fd >= 0)
		close(fd);
	return ok;
}

bool tls_seed(OSSL_LIB_CTX *lib, const struct tls_conf *conf, struct tls_error *err)
{
	if (conf->prng_seed &&
	    !stir(lib, conf->prng_seed, strlen(conf->prng_seed), "prng_seed", err))
		return false;
	return !conf->prng_seed_file || seed_by_file(lib, conf->prng_seed_file, err);
}
