/* SPDX-License-Identifier: MIT */
/* The parsers of list settings. */
#include <errno.h>
#include <string.h>

#include "auth_token.h"
#include "authority.h"
#include "conf_keys.h"
#include "conf_value.h"
#include "num.h"

static bool is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Call EACH with every word of the value, until one fails. */
static int for_words(const struct conf_value *v,
		     int (*each)(const struct conf_value *v, const char *word))
{
	char *copy = conf_mem_text(v->mem, v->text, strlen(v->text));
	int r = copy ? 0 : -ENOMEM;
	char *state;

	if (r < 0)
		return r;
	for (char *w = strtok_r(copy, CONF_BLANKS, &state); w && r == 0;
	     w = strtok_r(NULL, CONF_BLANKS, &state))
		r = each(v, w);
	return r;
}

/* ---- names and tokens ---- */

/* A name of an environment variable: the first N bytes of P. */
static bool is_name(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_letter(p[i]) && p[i] != '_' && (i == 0 || !is_digit(p[i])))
			return false;
	return n > 0;
}

static int add_name(const struct conf_value *v, const char *word)
{
	if (!is_name(word, strlen(word)))
		return conf_value_wrong(v, "'%.60s' is no name of a variable", word);
	return conf_mem_append(v->mem, v->field, word);
}

int conf_parse_names(const struct conf_value *v)
{
	if (!v->text) {
		*(char ***)v->field = NULL;
		return 0;
	}
	return for_words(v, add_name);
}

static bool is_token(const char *p)
{
	for (const char *c = p; *c; c++)
		if (!is_letter(*c) && !is_digit(*c) && !strchr("!#$%&'*+-.^_`|~", *c))
			return false;
	return *p;
}

static int add_token(const struct conf_value *v, const char *word)
{
	if (!is_token(word))
		return conf_value_wrong(
			v, "'%.60s' is no token; names stand apart by blanks", word);
	for (char **w = *(char ***)v->field; w && *w; w++)
		if (strcmp(*w, word) == 0)
			return conf_value_wrong(v, "'%.60s' stands there twice", word);
	return conf_mem_append(v->mem, v->field, word);
}

int conf_parse_tokens(const struct conf_value *v)
{
	if (!v->text) {
		*(char ***)v->field = NULL;
		return 0;
	}
	return for_words(v, add_token);
}

#define HOST_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

static int add_host(const struct conf_value *v, const char *word)
{
	size_t n = strlen(word);
	const char *colon = strrchr(word, ':');

	if (!authority_is_valid((struct span){ word, n }) ||
	    (colon && word[n - 1] != ']'))
		return conf_value_wrong(
			v, "'%.100s' is no host name; names stand apart by blanks", word);
	return conf_mem_append(v->mem, v->field, word);
}

int conf_parse_hosts(const struct conf_value *v)
{
	if (!v->text) {
		*(char ***)v->field = NULL;
		return 0;
	}
	return for_words(v, add_host);
}

static int add_server_name(const struct conf_value *v, const char *word)
{
	const char *name = strncmp(word, "*.", 2) == 0 ? word + 2 : word;

	if (strspn(name, HOST_BYTES) != strlen(name) || *name == '.' || !*name)
		return conf_value_wrong(
			v, "'%.100s' is no name as shell.example.org or *.example.org",
			word);
	return conf_mem_append(v->mem, v->field, word);
}

int conf_parse_server_names(const struct conf_value *v)
{
	if (!v->text) {
		*(char ***)v->field = NULL;
		return 0;
	}
	return for_words(v, add_server_name);
}

int conf_parse_token(const struct conf_value *v)
{
	const char *wrong;
	int r = 0;

	if (v->text)
		r = auth_token_add(v->mem, v->field, v->text, &wrong);
	else
		*(struct auth_token **)v->field = NULL;
	return r == -EINVAL ? conf_value_wrong(v, "%s", wrong) : r;
}

/* The bit of the row's WORD, set; else -ENOENT. */
static int add_bit(const struct conf_value *v, const char *word)
{
	for (const struct conf_word *w = v->key->words; w->text; w++)
		if (strcmp(word, w->text) == 0) {
			*(unsigned *)v->field |= (unsigned)w->value;
			return 0;
		}
	return -ENOENT;
}

static int add_flag(const struct conf_value *v, const char *word)
{
	if (add_bit(v, word) == 0)
		return 0;
	return conf_value_wrong(v, "'%.60s' is not %s", word, v->key->values);
}

int conf_parse_flags(const struct conf_value *v)
{
	if (v->text)
		return for_words(v, add_flag);
	*(unsigned *)v->field = 0;
	return 0;
}

static int add_protocol(const struct conf_value *v, const char *word)
{
	if (add_bit(v, word) == 0)
		return 0;
	if (strcmp(word, "SSLv2") == 0 || strcmp(word, "SSLv3") == 0)
		return conf_value_wrong(
			v, "%s is broken and cannot be had (RFC 6176, RFC 7568)", word);
	return conf_value_wrong(v, "'%.60s' is not TLSv1.2 or TLSv1.3", word);
}

int conf_parse_protocols(const struct conf_value *v)
{
	if (!v->text) {
		*(unsigned *)v->field = 0;
		return 0;
	}
	return for_words(v, add_protocol);
}

static int add_word(const struct conf_value *v, const char *word)
{
	return conf_mem_append(v->mem, v->field, word);
}

int conf_parse_algorithms(const struct conf_value *v)
{
	if (v->text)
		return for_words(v, add_word);
	*(char ***)v->field = NULL;
	return 0;
}

int conf_parse_lines(const struct conf_value *v)
{
	if (v->text)
		return *v->text ? conf_mem_append(v->mem, v->field, v->text) : 0;
	*(char ***)v->field = NULL;
	return 0;
}

int conf_parse_env(const struct conf_value *v)
{
	char ***field = v->field;
	size_t name;

	if (!v->text) {
		*field = NULL;
		return 0;
	}
	name = strcspn(v->text, "=");
	if (!v->text[name] || !is_name(v->text, name))
		return conf_value_wrong(v, "'%.60s' is not NAME=value", v->text);
	for (char **e = *field; e && *e; e++) {
		if (strncmp(*e, v->text, name + 1) != 0)
			continue;
		*e = conf_mem_text(v->mem, v->text, strlen(v->text));
		return *e ? 0 : -ENOMEM;
	}
	return conf_mem_append(v->mem, field, v->text);
}

/* ---- origin ---- */

/* Does S end in nothing, or in a colon and a port? */
static bool is_port_or_end(const char *s)
{
	char unused[NUM_ERR];
	long port;

	if (!*s)
		return true;
	return *s == ':' && num_int(s + 1, 1, 65535, &port, unused) == 0;
}

/* scheme://host[:port] as a browser writes it (RFC 6454 6.2). */
static bool is_origin(const char *s)
{
	const char *host = strstr(s, "://");
	const char *end;

	if (!host || !is_letter(*s))
		return false;
	for (; s < host; s++)
		if (!is_letter(*s) && !is_digit(*s) && !strchr("+-.", *s))
			return false;
	host += 3;
	if (*host == '[') {
		end = host + 1 + strspn(host + 1, "0123456789abcdefABCDEF:.");
		return end > host + 1 && *end == ']' && is_port_or_end(end + 1);
	}
	for (end = host; is_letter(*end) || is_digit(*end) || *end == '-' ||
			 *end == '.' || *end == '_';)
		end++;
	return end > host && is_port_or_end(end);
}

static int add_origin(const struct conf_value *v, const char *word)
{
	char **before = *(char ***)v->field;
	bool any = strcmp(word, "any") == 0;

	if (!any && strcmp(word, "same") != 0 && !is_origin(word))
		return conf_value_wrong(
			v, "'%.100s' is not same, any or scheme://host[:port]", word);
	if (before && (any || strcmp(*before, "any") == 0))
		return conf_value_wrong(v, "'%.100s' does not go with '%.100s'", *before,
					word);
	return conf_mem_append(v->mem, v->field, word);
}

int conf_parse_origin(const struct conf_value *v)
{
	if (!v->text) {
		*(char ***)v->field = NULL;
		return 0;
	}
	return for_words(v, add_origin);
}

/* ---- networks ---- */

/* Appends to the list that is the field. */
static int add_cidr(const struct conf_value *v, const char *word)
{
	struct cidr_list *list = v->field;
	char wrong[CIDR_ERR];
	struct cidr *grown;
	struct cidr c;

	if (!cidr_parse(word, &c, wrong))
		return conf_value_wrong(v, "%s", wrong);
	grown = conf_mem_alloc(v->mem, (list->n + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	if (list->n > 0)
		memcpy(grown, list->items, list->n * sizeof(*grown));
	grown[list->n++] = c;
	list->items = grown;
	return 0;
}

int conf_parse_cidrs(const struct conf_value *v)
{
	if (!v->text) {
		*(struct cidr_list *)v->field = (struct cidr_list){ NULL, 0 };
		return 0;
	}
	return for_words(v, add_cidr);
}
