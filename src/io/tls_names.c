/* SPDX-License-Identifier: MIT */
/* Finds the context of the name that a client asks for (server name indication, RFC 6066
 * 3). */
#include <errno.h>
#include <openssl/err.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tls_impl.h"

#define NAME_MOST 255 /* bytes of a host's name (RFC 1035 2.3.4) */

/* What a context knows by other names; it lives as long as its SSL_CTX. */
struct names {
	size_t n;
	struct {
		char *pattern;
		struct tls *tls;
	} * all;
};

/* Made by the thread of a reload, maybe, while handshakes of the loop look at it. */
static atomic_int names_index = -1;

static void on_ctx_free(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl,
			void *argp)
{
	struct names *names = ptr;

	(void)parent;
	(void)ad;
	(void)idx;
	(void)argl;
	(void)argp;
	for (size_t i = 0; names && i < names->n; i++) {
		free(names->all[i].pattern);
		tls_unref(names->all[i].tls);
	}
	if (names)
		free(names->all);
	free(names);
}

/* Those of CTX, made if it has none yet; NULL: out of memory. */
static struct names *names_of(SSL_CTX *ctx)
{
	struct names *names;

	if (names_index < 0)
		names_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, on_ctx_free);
	names = SSL_CTX_get_ex_data(ctx, names_index);
	if (names)
		return names;
	names = calloc(1, sizeof(*names));
	if (names && !SSL_CTX_set_ex_data(ctx, names_index, names)) {
		free(names);
		names = NULL;
	}
	return names;
}

int tls_add_name(struct tls *t, const char *pattern, struct tls *named)
{
	struct names *names = names_of(t->ctx);
	char *copy = strdup(pattern);
	void *grown =
		names ? realloc(names->all, (names->n + 1) * sizeof(*names->all)) : NULL;

	if (grown)
		names->all = grown;
	if (!grown || !copy) {
		free(copy);
		ERR_clear_error();
		return -ENOMEM;
	}
	names->all[names->n].pattern = copy;
	names->all[names->n++].tls = tls_ref(named);
	if (SSL_CTX_get_session_cache_mode(named->ctx) == SSL_SESS_CACHE_OFF)
		SSL_CTX_set_session_cache_mode(t->ctx, SSL_SESS_CACHE_OFF);
	return 0;
}

bool tls_name_matches(const char *pattern, const char *name)
{
	const char *dot = strchr(name, '.');

	if (strncmp(pattern, "*.", 2) != 0)
		return strcasecmp(pattern, name) == 0;
	return dot && dot > name && strcasecmp(pattern + 1, dot) == 0;
}

/* The exact name wins. */
static struct tls *find(const struct names *names, const char *name)
{
	struct tls *found = NULL;

	for (size_t i = 0; i < names->n; i++) {
		if (!tls_name_matches(names->all[i].pattern, name))
			continue;
		if (names->all[i].pattern[0] != '*')
			return names->all[i].tls;
		if (!found)
			found = names->all[i].tls;
	}
	return found;
}

/* The host_name of the extension EXT, N bytes: a list of which only that is known.
 * False: it has none that could be one; what is malformed OpenSSL refuses later. */
static bool read_name(const unsigned char *ext, size_t n, char *out)
{
	size_t length;

	if (n < 5 || ext[2] != TLSEXT_NAMETYPE_host_name)
		return false;
	length = (size_t)ext[3] << 8 | ext[4];
	if (length > n - 5 || length > NAME_MOST || memchr(ext + 5, 0, length))
		return false;
	memcpy(out, ext + 5, length);
	out[length] = '\0';
	return length > 0;
}

/* Go on with T's context, and set what SSL_set_SSL_CTX() leaves as the first one had
 * it. */
static bool turn_to(SSL *ssl, const struct tls *t)
{
	SSL_CTX *ctx = t->ctx;

	SSL_clear_options(ssl, SSL_get_options(ssl));
	SSL_set_options(ssl, SSL_CTX_get_options(ctx));
	SSL_set_verify(ssl, SSL_CTX_get_verify_mode(ctx),
		       SSL_CTX_get_verify_callback(ctx));
	SSL_set_security_level(ssl, SSL_CTX_get_security_level(ctx));
	return SSL_set_min_proto_version(ssl, (int)SSL_CTX_get_min_proto_version(ctx)) &&
	       SSL_set_max_proto_version(ssl, (int)SSL_CTX_get_max_proto_version(ctx)) &&
	       SSL_set_num_tickets(ssl, SSL_CTX_get_num_tickets(ctx)) &&
	       (!t->groups || SSL_set1_groups_list(ssl, t->groups)) &&
	       SSL_set_SSL_CTX(ssl, ctx);
}

bool tls_choose_name(SSL *ssl, int *alert)
{
	SSL_CTX *ctx = SSL_get_SSL_CTX(ssl);
	const struct names *names =
		names_index < 0 ? NULL : SSL_CTX_get_ex_data(ctx, names_index);
	const unsigned char *ext;
	char name[NAME_MOST + 1];
	struct tls *t = NULL;
	size_t n;

	if (names && SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &ext, &n) &&
	    read_name(ext, n, name))
		t = find(names, name);
	*alert = SSL_AD_INTERNAL_ERROR;
	if (t)
		return turn_to(ssl, t);
	*alert = SSL_AD_UNRECOGNIZED_NAME;
	return SSL_CTX_get0_certificate(ctx);
}
