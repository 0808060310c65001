/* SPDX-License-Identifier: MIT */
/* Bearer tokens, known by their SHA-256 alone. */
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "auth_token.h"
#include "num.h"

#define BLANKS " \t\r"
#define PREFIX "sha256:"

/* The hash at *LINE, which is moved behind it. */
static bool take_hash(const char **line, unsigned char *hash)
{
	const char *p = *line;

	if (strncmp(p, PREFIX, strlen(PREFIX)) != 0)
		return false;
	p += strlen(PREFIX);
	for (unsigned i = 0; i < TOKEN_HASH; i++, p += 2) {
		int high = num_hex_digit(p[0]), low = high < 0 ? -1 : num_hex_digit(p[1]);

		if (low < 0)
			return false;
		hash[i] = (unsigned char)(high << 4 | low);
	}
	*line = p;
	return true;
}

/* What stands behind the hash is a name: one word without control bytes. */
static bool take_name(const char *line, struct span *ret)
{
	size_t n;

	if (!*line || !strchr(BLANKS, *line))
		return false;
	line += strspn(line, BLANKS);
	n = strcspn(line, BLANKS);
	*ret = (struct span){ line, n };
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			return false;
	return n > 0 && n <= 64 && !line[n + strspn(line + n, BLANKS)];
}

static bool is_full(const struct auth_token *all)
{
	unsigned n = 0;

	for (; all; all = all->next)
		n++;
	return n >= AUTH_TOKENS;
}

static bool is_there(const struct auth_token *all, const unsigned char *hash)
{
	for (; all; all = all->next)
		if (memcmp(all->hash, hash, TOKEN_HASH) == 0)
			return true;
	return false;
}

int auth_token_add(struct conf_mem *mem, struct auth_token **all, const char *line,
		   const char **ret_wrong)
{
	struct auth_token *one;
	unsigned char hash[TOKEN_HASH];
	struct span name;

	if (strcmp(line, AUTH_TOKEN_PRINTED) == 0)
		return 0;
	*ret_wrong = "is not sha256:HEX and a name; wsbridged --hash-token makes one";
	if (!take_hash(&line, hash) || !take_name(line, &name))
		return -EINVAL;
	*ret_wrong = "this token stands there twice";
	if (is_there(*all, hash))
		return -EINVAL;
	*ret_wrong = "more than 4096 tokens";
	if (is_full(*all))
		return -EINVAL;
	one = conf_mem_alloc(mem, sizeof(*one));
	if (!one)
		return -ENOMEM;
	memcpy(one->hash, hash, TOKEN_HASH);
	one->name = conf_mem_text(mem, name.p, name.n);
	one->next = *all;
	*all = one;
	return one->name ? 0 : -ENOMEM;
}

const struct auth_token *auth_token_find(const struct auth_token *all, struct span token)
{
	const struct auth_token *found = NULL;
	unsigned char hash[TOKEN_HASH];

	if (EVP_Digest(token.p, token.n, hash, NULL, EVP_sha256(), NULL) != 1)
		return NULL;
	for (; all; all = all->next)
		if (CRYPTO_memcmp(all->hash, hash, TOKEN_HASH) == 0)
			found = all;
	return found;
}
