/* SPDX-License-Identifier: MIT */
/* The table of settings, the sample ini and the manual say the same. */
#include <sys/mman.h>
#include <unistd.h>

#include "conf_keys.h"
#include "conf_text.h"

#define SAMPLE "conf/wsbridge.ini"
#define MANUAL "man/wsbridge.ini.5.in"

/* The whole file NAME, from the top of the repository; yours. */
static char *content(const char *name)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = fopen(name, "re");

	if (!f)
		fail_msg("cannot open %s: run this test from the top of the repository",
			 name);
	assert_true(getdelim(&text, &n, 0, f) > 0);
	fclose(f);
	return text;
}

TEST(a_row_has_all_that_the_manual_and_the_parser_need)
{
	for (size_t i = 0; i < conf_nkeys; i++) {
		const struct conf_key *k = &conf_keys[i];
		bool is_bool = k->parse == conf_parse_bool;

		if (!k->name || !k->parse || !k->def || !k->doc ||
		    (!k->values && !is_bool))
			fail_msg("%s is not complete", k->name);
		if (k->doc[strlen(k->doc) - 1] != '.')
			fail_msg("the sentence of %s does not end", k->name);
		if (!*k->def != !!k->def_doc)
			fail_msg(
				"%s: an empty default needs to be explained, another not",
				k->name);
		if (!*k->def && !(k->flags & (CONF_EMPTY | CONF_LIST)))
			fail_msg("%s may not be empty and has no default", k->name);
		if ((k->parse == conf_parse_word || k->parse == conf_parse_flag_word) &&
		    !k->words)
			fail_msg("%s has no words", k->name);
		if (i > 0 && k->class < k[-1].class)
			fail_msg("%s stands outside its class", k->name);
	}
}

TEST(the_words_of_a_row_are_its_values)
{
	for (size_t i = 0; i < conf_nkeys; i++)
		for (const struct conf_word *w = conf_keys[i].words; w && w->text; w++)
			if (!strstr(conf_keys[i].values, w->text))
				fail_msg("%s: the manual does not name %s",
					 conf_keys[i].name, w->text);
}

/* Sections with names of their own have keys of their own, whatever others call theirs.
 */
static bool is_named(enum conf_class class)
{
	return conf_classes[class].named.size > 0;
}

TEST(a_name_is_found_in_its_class_only_and_once)
{
	for (size_t i = 0; i < conf_nkeys; i++) {
		const struct conf_key *k = &conf_keys[i];

		assert_ptr_equal(conf_key_find(k->class, k->name), k);
		if (k->class == CONF_PATH)
			assert_ptr_equal(conf_key_find(CONF_DEFAULTS, k->name),
					 k->flags & CONF_SOURCE ? NULL : k);
		for (unsigned c = 0; c < CONF_DEFAULTS; c++) {
			const struct conf_key *other = conf_key_find(c, k->name);

			assert_true(other == k || !other || other->class == c);
		}
	}
}

/* ---- files that examples name ---- */

/* Another file TO for FROM, which is longer, wherever it is in TEXT. */
static void put_path(char *text, const char *from, const char *to)
{
	size_t n = strlen(from), m = strlen(to);

	for (char *p = text; (p = strstr(p, from)); p += n) {
		memset(p, '/', n);
		memcpy(p + n - m, to, m);
	}
}

/* The name of a file with one user, which goes with its descriptor. */
static const char *users(void)
{
	static const char line[] =
		"joe:$5$saltsalt$JDV3/4bJwNoTl8Hx3OoVJmsA9YX7VpQk8Qx9WvJm1B1\n";
	static char name[32];
	int fd = memfd_create("users", 0);

	assert_true(fd >= 0 && write(fd, line, sizeof(line) - 1) > 0);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	return name;
}

/* ---- the sample ---- */

TEST(the_sample_loads)
{
	char *text = content(SAMPLE);
	struct conf *c = load_good(text);

	assert_int_equal(c->nlisten, 1);
	assert_string_equal(c->listen[0].text, "127.0.0.1:8765");
	assert_int_equal(c->npaths, 1);
	assert_string_equal(c->paths[0]->path, "/load");
	conf_free(c);
	free(text);
}

/* Every row is in the sample, commented out with its default, in its section. */
TEST(the_sample_shows_every_key_with_its_default)
{
	char *text = content(SAMPLE);

	for (size_t i = 0; i < conf_nkeys; i++) {
		const struct conf_key *k = &conf_keys[i];
		char header[50], line[200];
		const char *section;

		if (k->flags & CONF_SOURCE)
			snprintf(header, sizeof(header), "\n[/load]\n");
		else
			snprintf(header, sizeof(header), "\n%s\n",
				 k->class == CONF_PATH ? "[defaults]"
						       : conf_classes[k->class].title);
		snprintf(line, sizeof(line),
			 *k->def ? "\n;%s = %s\n" : "\n;%s =", k->name, k->def);
		if (is_named(k->class)) { /* an example, with values */
			snprintf(header, sizeof(header), "\n;[%s ",
				 conf_classes[k->class].word);
			snprintf(line, sizeof(line), "\n;%s =", k->name);
		}
		section = strstr(text, header);
		if (!section)
			fail_msg("the sample has no %s", header);
		if (strcmp(k->name, "listen") != 0 && !strstr(section, line))
			fail_msg("the sample has no %s", line);
	}
	free(text);
}

/* What is commented out is right, too: with every ;KEY and ;[/path] in force it loads. */
TEST(the_sample_loads_with_everything_in_force)
{
	char *text = content(SAMPLE), *p;
	struct conf *c;

	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", "/dev", 1), 0);
	for (p = text; (p = strstr(p, "\n;"));)
		p[1] = ' ';
	p = strstr(text, "${cred:report-token}");
	assert_non_null(p);
	memcpy(p, "${cred:null}        ", 20);
	put_path(text, "/etc/wsbridge.htpasswd", users());
	c = load_good(text);
	assert_true(c->npaths > 3 && c->nlisten > 3);
	conf_free(c);
	free(text);
}

/* ---- the manual ---- */

/* The literal blocks of the manual that begin with a section are ini texts that load. */
TEST(the_examples_of_the_manual_load)
{
	char *text = content(MANUAL), *end = NULL;
	unsigned examples = 0;

	assert_non_null(strstr(text, "\n@KEYS@\n"));
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", "/dev", 1), 0);
	for (char *p = strstr(text, ".Bd -literal"); p; p = strstr(end, ".Bd -literal")) {
		char *begin = strchr(p, '\n') + 1, *e;

		end = strstr(begin, ".Ed");
		*end++ = 0;
		for (e = begin; (e = strstr(e, "\\e")); e++)
			memmove(e + 1, e + 2, strlen(e + 2) + 1);
		put_path(begin, "/etc/wsbridge.tokens", "/dev/null");
		put_path(begin, "/etc/wsbridge.htpasswd", users());
		if ((e = strstr(begin, "report-token}")))
			memcpy(e, "null}        ", 13);
		if (*begin != '[' || strncmp(begin, "[section]", 9) == 0)
			continue;
		conf_free(load_good(begin));
		examples++;
	}
	assert_true(examples >= 5);
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_has_all_that_the_manual_and_the_parser_need),
		cmocka_unit_test(the_words_of_a_row_are_its_values),
		cmocka_unit_test(a_name_is_found_in_its_class_only_and_once),
		cmocka_unit_test(the_sample_loads),
		cmocka_unit_test(the_sample_shows_every_key_with_its_default),
		cmocka_unit_test(the_sample_loads_with_everything_in_force),
		cmocka_unit_test(the_examples_of_the_manual_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
