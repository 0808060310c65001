/* SPDX-License-Identifier: MIT */
/* What may be spoken: versions of TLS, ciphers, groups. */
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "tls_impl.h"

#define SEPARATORS ": ,;" /* of ciphers, as OpenSSL has them */

/* ---- versions ---- */

static const struct {
	enum tls_protocol bit;
	int version;
	uint64_t off; /* the option that leaves it out */
} versions[] = {
	{ TLS_1_0, TLS1_VERSION, SSL_OP_NO_TLSv1 },
	{ TLS_1_1, TLS1_1_VERSION, SSL_OP_NO_TLSv1_1 },
	{ TLS_1_2, TLS1_2_VERSION, SSL_OP_NO_TLSv1_2 },
	{ TLS_1_3, TLS1_3_VERSION, SSL_OP_NO_TLSv1_3 },
};
#define VERSIONS (sizeof(versions) / sizeof(*versions))
#define OLD (TLS_1_0 | TLS_1_1 | TLS_1_2)

static bool set_protocols(SSL_CTX *ctx, unsigned bits, struct tls_error *err)
{
	int least = 0, most = 0;

	if (bits == 0)
		return tls_wrong(err, "protocols", "protocols: none is left");
	for (size_t i = 0; i < VERSIONS; i++) {
		if (!(bits & versions[i].bit)) {
			SSL_CTX_set_options(ctx, versions[i].off);
			continue;
		}
		least = least ? least : versions[i].version;
		most = versions[i].version;
	}
	return (SSL_CTX_set_min_proto_version(ctx, least) &&
		SSL_CTX_set_max_proto_version(ctx, most)) ||
	       tls_wrong_reason(err, "protocols", "cannot be had");
}

/* ---- words ---- */

/* What old lists exclude, and OpenSSL has no more. */
static bool is_history(const char *word)
{
	static const char *const gone[] = {
		"SSLv2", "EXP", "EXPORT", "EXPORT40", "EXPORT56", "LOW",  "DES",  "3DES",
		"RC2",   "RC4", "IDEA",   "SEED",     "MD5",      "DSS",  "aDSS", "KRB5",
		"kRSA",  "DH",  "ADH",    "AECDH",    "eNULL",    "NULL", "PSK",  "SRP"
	};

	for (size_t i = 0; i < sizeof(gone) / sizeof(*gone); i++)
		if (strcmp(gone[i], word) == 0)
			return true;
	return false;
}

/* OpenSSL leaves out of a list what it does not know: a slip of the pen would go unseen.
 */
static bool is_word(SSL_CTX *ctx, const char *word)
{
	bool excludes = *word == '!' || *word == '-';

	if (*word == '@')
		return true;
	word += excludes || *word == '+';
	return SSL_CTX_set_cipher_list(ctx, word) || (excludes && is_history(word));
}

static bool is_suite(SSL_CTX *ctx, const char *word)
{
	return SSL_CTX_set_ciphersuites(ctx, word);
}

/* Is each word of LIST one? */
static bool check_words(SSL_CTX *ctx, const char *member, const char *list,
			bool (*is)(SSL_CTX *ctx, const char *word), struct tls_error *err)
{
	char *copy = strdup(list), *state;
	bool ok = copy || tls_wrong(err, member, "out of memory");

	for (char *w = ok ? strtok_r(copy, SEPARATORS, &state) : NULL; w && ok;
	     w = strtok_r(NULL, SEPARATORS, &state)) {
		ERR_clear_error();
		ok = is(ctx, w) || tls_wrong_reason(err, member, w);
	}
	free(copy);
	return ok;
}

/* ---- algorithms ---- */

static const struct {
	const char *name;
	int nid;
} algorithms[] = {
	{ "AES128-GCM", NID_aes_128_gcm },
	{ "AES256-GCM", NID_aes_256_gcm },
	{ "AES128-CCM", NID_aes_128_ccm },
	{ "AES256-CCM", NID_aes_256_ccm },
	{ "AES128-CBC", NID_aes_128_cbc },
	{ "AES256-CBC", NID_aes_256_cbc },
	{ "CHACHA20", NID_chacha20_poly1305 },
	{ "ARIA128-GCM", NID_aria_128_gcm },
	{ "ARIA256-GCM", NID_aria_256_gcm },
	{ "CAMELLIA128-CBC", NID_camellia_128_cbc },
	{ "CAMELLIA256-CBC", NID_camellia_256_cbc },
	{ "3DES-CBC", NID_des_ede3_cbc },
};
#define ALGORITHMS (sizeof(algorithms) / sizeof(*algorithms))

static int algorithm(const char *name)
{
	for (size_t i = 0; i < ALGORITHMS; i++)
		if (strcasecmp(algorithms[i].name, name) == 0)
			return algorithms[i].nid;
	return NID_undef;
}

static bool check_algorithms(char *const *names, struct tls_error *err)
{
	char known[256] = "";

	for (size_t i = 0; i < ALGORITHMS; i++) {
		strcat(known, i > 0 ? " " : "");
		strcat(known, algorithms[i].name);
	}
	for (; names && *names; names++)
		if (strcmp(*names, "*") != 0 && algorithm(*names) == NID_undef)
			return tls_wrong(err, "algorithms",
					 "algorithms: '%.60s' is not * or one of %s",
					 *names, known);
	return true;
}

static bool is_allowed(const SSL_CIPHER *c, char *const *names)
{
	bool found = !names;

	for (; names && *names && !found; names++)
		found = strcmp(*names, "*") == 0 ||
			algorithm(*names) == SSL_CIPHER_get_cipher_nid(c);
	return found;
}

/* ---- what is left of the ciphers ---- */

/* Those of CTX that CONF wants, of TLS 1.3 or before: "A:B", yours; NULL: out of memory.
 */
static char *wanted(SSL_CTX *ctx, const struct tls_conf *conf, bool suites)
{
	const STACK_OF(SSL_CIPHER) *all = SSL_CTX_get_ciphers(ctx);
	char *list = calloc(1, (size_t)sk_SSL_CIPHER_num(all) * 64 + 1);

	for (int i = 0; list && i < sk_SSL_CIPHER_num(all); i++) {
		const SSL_CIPHER *c = sk_SSL_CIPHER_value(all, i);
		const char *name = SSL_CIPHER_get_name(c);

		if ((strcmp(SSL_CIPHER_get_version(c), "TLSv1.3") == 0) != suites ||
		    SSL_CIPHER_get_bits(c, NULL) < (int)conf->min_cipher_bits ||
		    !is_allowed(c, conf->algorithms) || strlen(name) > 60)
			continue;
		strcat(list, *list ? ":" : "");
		strcat(list, name);
	}
	return list;
}

/* The setting at fault when nothing is left. */
static bool nothing_left(const struct tls_conf *conf, const char *version,
			 struct tls_error *err)
{
	const char *const *names = (const char *const *)conf->algorithms;
	const char *member =
		!names || strcmp(*names, "*") == 0 ? "min_cipher_bits" : "algorithms";

	return tls_wrong(err, member,
			 "%s leaves no cipher for TLS %s; leave it out of protocols too",
			 member, version);
}

static bool filter(SSL_CTX *ctx, const struct tls_conf *conf, struct tls_error *err)
{
	char *old = wanted(ctx, conf, false), *new = wanted(ctx, conf, true);
	bool ok = true;

	if (!old || !new)
		ok = tls_wrong(err, "ciphers", "out of memory");
	else if (conf->protocols & OLD && !*old)
		ok = nothing_left(conf, "1.2", err);
	else if (conf->protocols & TLS_1_3 && !*new)
		ok = nothing_left(conf, "1.3", err);
	else if ((*old && !SSL_CTX_set_cipher_list(ctx, old)) ||
		 !SSL_CTX_set_ciphersuites(ctx, new))
		ok = tls_wrong_reason(err, "ciphers", "cannot be set");
	free(old);
	free(new);
	return ok;
}

static bool set_lists(SSL_CTX *ctx, const struct tls_conf *conf, struct tls_error *err)
{
	const char *suites = conf->ciphersuites;

	if (!check_words(ctx, "ciphers", conf->ciphers, is_word, err))
		return false;
	if (!SSL_CTX_set_cipher_list(ctx, conf->ciphers))
		return tls_wrong_reason(err, "ciphers", conf->ciphers);
	if (!suites)
		return true;
	if (!check_words(ctx, "ciphersuites", suites, is_suite, err))
		return false;
	return SSL_CTX_set_ciphersuites(ctx, suites) ||
	       tls_wrong_reason(err, "ciphersuites", suites);
}

static bool set_groups(SSL_CTX *ctx, const char *groups, struct tls_error *err)
{
	return !groups || SSL_CTX_set1_groups_list(ctx, groups) ||
	       tls_wrong(err, "groups",
			 "groups: '%.200s' are not all names of groups that OpenSSL has, "
			 "as X25519:P-256",
			 groups);
}

bool tls_set_ciphers(SSL_CTX *ctx, const struct tls_conf *conf, struct tls_error *err)
{
	ERR_clear_error();
	return set_protocols(ctx, conf->protocols, err) && set_lists(ctx, conf, err) &&
	       check_algorithms(conf->algorithms, err) && filter(ctx, conf, err) &&
	       set_groups(ctx, conf->groups, err);
}
