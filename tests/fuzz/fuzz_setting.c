/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the parsers of the key table: a value is in its range or there is a sentence,
 * and what WSServer would call it means the same.
 *
 * Input: a line with the name of a key, ours or WSServer's, and a line for each value.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "conf_alias.h"
#include "conf_keys.h"
#include "num.h"
#include "words.h"

#define MUST(holds) ((holds) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Bytes of the struct that the field of KEY lies in. */
static size_t size_of(const struct conf_key *key)
{
	if (key->class == CONF_PATH)
		return sizeof(struct path_conf);
	if (key->class == CONF_AUTH)
		return sizeof(struct auth_conf);
	return key->class == CONF_TLS ? sizeof(struct tls_section) : sizeof(struct conf);
}

/* A number is what its row allows. */
static void check_range(const struct conf_key *key, const char *text, const void *field)
{
	if (key->parse == conf_parse_unsigned && *text)
		MUST((double)*(const unsigned *)field >= key->min &&
		     (double)*(const unsigned *)field <= key->max);
	if (key->parse == conf_parse_seconds)
		MUST(*(const double *)field >= key->min &&
		     *(const double *)field <= key->max);
	if (key->parse == conf_parse_rate)
		MUST(*(const double *)field >= 0 && *(const double *)field <= key->max);
	if (key->parse == conf_parse_size)
		MUST((double)*(const size_t *)field >= key->min &&
		     (double)*(const size_t *)field <= key->max);
}

/* Bytes of a field that is a number, else 0. */
static size_t number_size(const struct conf_key *key)
{
	if (key->parse == conf_parse_bool)
		return sizeof(bool);
	if (key->parse == conf_parse_unsigned || key->parse == conf_parse_close_code)
		return sizeof(unsigned);
	if (key->parse == conf_parse_size)
		return sizeof(size_t);
	return key->parse == conf_parse_seconds ? sizeof(double) : 0;
}

/* Parse TEXT as KEY into BASE: 0 or -EINVAL, and then a sentence. */
static int parse(const struct conf_key *key, const char *text, char *base,
		 struct conf_mem *mem)
{
	char *err = malloc(CONF_VALUE_ERR);
	struct conf_value v = {
		.key = key,
		.text = text,
		.field = base + key->field,
		.mem = mem,
		.err = err,
	};
	size_t n = strlen(key->name);
	int r;

	MUST(err);
	memset(err, 'x', CONF_VALUE_ERR);
	r = key->parse(&v);
	MUST(r == 0 || r == -EINVAL);
	if (r == 0 && text)
		check_range(key, text, v.field);
	if (r < 0)
		MUST(memchr(err, 0, CONF_VALUE_ERR) && strlen(err) > n + 2 &&
		     memcmp(err, key->name, n) == 0);
	free(err);
	return r;
}

/* TEXT is a good value: under WSServer's name it is one, too, and a number the same. */
static void check_alias(const struct conf_key *key, const char *text, const char *base,
			struct conf_mem *mem)
{
	const struct conf_alias *a = conf_alias_of(key);
	char theirs[CONF_ALIAS_TEXT], ours[CONF_ALIAS_TEXT], err[CONF_ALIAS_ERR];
	const char *written = a ? conf_alias_write(a, text, theirs) : NULL;
	const char *read = written ? conf_alias_read(a, key, written, ours, err) : NULL;
	char *again;

	if (!read || number_size(key) == 0)
		return;
	again = calloc(1, size_of(key));
	MUST(again);
	MUST(parse(key, read, again, mem) == 0);
	MUST(memcmp(again + key->field, base + key->field, number_size(key)) == 0);
	free(again);
}

/* The words of a command are the same when they are quoted and split again. */
static void check_words(const char *text)
{
	const char *wrong;
	char **words, **again, *quoted = NULL;
	size_t n, i;
	FILE *f;

	if (words_split(text, &words, &wrong) < 0)
		return;
	f = open_memstream(&quoted, &n);
	MUST(f);
	for (i = 0; words[i]; i++) {
		words_quote(f, words[i]);
		fputc(' ', f);
	}
	fclose(f);
	MUST(words_split(quoted, &again, &wrong) == 0);
	for (i = 0; words[i]; i++)
		MUST(again[i] && strcmp(words[i], again[i]) == 0);
	MUST(!again[i]);
	free(quoted);
	words_free(words);
	words_free(again);
}

/* LIST, to which a value of one word was added last, has the address that it is. */
static void check_cidrs(const struct cidr_list *list, const char *text)
{
	struct addr a, other;
	bool has;

	MUST(addr_inet("192.0.2.1", 1, &other));
	has = cidr_list_has(list, &other);
	MUST(addr_unix("/x", &other));
	has |= cidr_list_has(list, &other);
	MUST(has || !strcasestr(text, "all"));
	if (addr_inet(text, 0, &a))
		MUST(cidr_list_has(list, &a));
	if (strcmp(text, "unix") == 0)
		MUST(cidr_list_has(list, &other));
}

/* One value of KEY, as the loader would give it to the parser. */
static void set(const struct conf_key *key, const char *text, char *base,
		struct conf_mem *mem)
{
	if (!*text && !(key->flags & (CONF_EMPTY | CONF_LIST)))
		return;
	if (parse(key, text, base, mem) < 0)
		return;
	check_alias(key, text, base, mem);
	if (key->parse == conf_parse_exec)
		check_words(text);
	if (key->parse == conf_parse_cidrs)
		check_cidrs((struct cidr_list *)(base + key->field), text);
	if (key->parse == conf_parse_signal)
		MUST(*num_signal_name(*(int *)(base + key->field)));
}

/* The lines of VALUES, which is changed, for KEY; or, with A, for that name of it. */
static void set_all(const struct conf_key *key, const struct conf_alias *a, char *values)
{
	struct conf_mem *mem = conf_mem_new();
	char *base = calloc(1, size_of(key));
	char ours[CONF_ALIAS_TEXT], err[CONF_ALIAS_ERR], *line;

	MUST(mem && base);
	if (key->flags & CONF_LIST)
		MUST(parse(key, NULL, base, mem) == 0);
	while ((line = strsep(&values, "\n"))) {
		const char *text = line;

		if (a)
			text = conf_alias_read(a, key, line, ours, err);
		if (text)
			set(key, text, base, mem);
		else
			MUST(*err && memchr(err, 0, sizeof(err)));
		MUST(*conf_value_hint(line) == 0 || strpbrk(line, "#;"));
	}
	free(base);
	conf_mem_free(mem);
}

/* Each row of that NAME gets the VALUES. */
static void set_named(const char *name, const char *values)
{
	const struct conf_alias *any = conf_alias_find_anywhere(name);

	for (size_t i = 0; i < conf_nkeys; i++) {
		const struct conf_key *key = &conf_keys[i], *meant = NULL;
		const struct conf_alias *a =
			any ? conf_alias_find(key->class, name, &meant) : NULL;
		char *copy;

		MUST(!a || a == any);
		if (meant != key && strcmp(key->name, name) != 0)
			continue;
		copy = strdup(values);
		MUST(copy);
		set_all(key, meant == key ? a : NULL, copy);
		free(copy);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), *values = text;
	const char *name;

	MUST(text);
	name = strsep(&values, "\n");
	if (values)
		set_named(name, values);
	free(text);
	return 0;
}
