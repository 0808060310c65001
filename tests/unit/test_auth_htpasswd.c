/* SPDX-License-Identifier: MIT */
/* A file of users, and whose hash is computed for whom it does not have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "auth_htpasswd.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define TAIL "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" /* 43 bytes */
#define GOOD "$5$salt$" TAIL

/* TEXT as a file, in MEM; what is wrong with it goes to SAID (yours). */
static struct auth_conf users(const char *text, struct conf_mem *mem, char **said)
{
	struct auth_conf auth = { .file = (char *)"users" };
	struct conf_report report = { .main = "x.ini" };
	size_t n;
	FILE *err = open_memstream(said, &n);

	assert_int_equal(auth_htpasswd_read(&auth, conf_mem_text(mem, text, strlen(text)),
					    mem, &report),
			 0);
	conf_report_write(&report, err);
	fclose(err);
	return auth;
}

static void expect_said(const char *text, const char *want)
{
	struct conf_mem *mem = conf_mem_new();
	char *said;

	users(text, mem, &said);
	assert_string_equal(said, want);
	free(said);
	conf_mem_free(mem);
}

TEST(each_user_is_found_by_the_whole_name)
{
	struct conf_mem *mem = conf_mem_new();
	char *said;
	struct auth_conf auth = users("zoe:" GOOD "\r\n"
				      "# c:" GOOD "\n\n"
				      "joe:" GOOD ":1000:gecos\n"
				      "j\xc3\xb6:" GOOD,
				      mem, &said);
	static const char *const names[] = { "zoe", "joe", "j\xc3\xb6" };
	bool known;

	assert_string_equal(said, "");
	assert_int_equal(auth.nusers, 3);
	for (size_t i = 0; i < 3; i++) {
		struct span name = { names[i], strlen(names[i]) };
		const struct auth_user *u = auth_htpasswd_find(&auth, name, &known);

		assert_true(known);
		assert_string_equal(u->name, names[i]);
		assert_string_equal(u->hash, GOOD);
		name.n--;
		auth_htpasswd_find(&auth, name, &known);
		assert_false(known);
	}
	auth_htpasswd_find(&auth, SPAN("joe\0"), &known);
	assert_false(known);
	auth_htpasswd_find(&auth, SPAN(""), &known);
	assert_false(known);
	free(said);
	conf_mem_free(mem);
}

/* Else the time of an answer would tell the names that there are: of hashes of different
 * cost, too. */
TEST(an_unknown_name_stands_for_always_the_same_user)
{
	struct conf_mem *mem = conf_mem_new();
	char *said, name[24] = "";
	struct auth_conf auth = users("a:" GOOD "\nb:" GOOD "\nc:" GOOD "\n", mem, &said);
	unsigned seen[3] = { 0 };
	bool known;

	for (unsigned i = 0; i < 300; i++) {
		struct span s = { name, (size_t)snprintf(name, sizeof(name), "n%u", i) };
		const struct auth_user *u = auth_htpasswd_find(&auth, s, &known);

		assert_false(known);
		assert_ptr_equal(auth_htpasswd_find(&auth, s, &known), u);
		seen[u - auth.users]++;
	}
	for (unsigned i = 0; i < 3; i++)
		assert_true(seen[i] > 50);
	free(said);
	conf_mem_free(mem);
}

TEST(what_is_no_good_hash_is_an_error_that_does_not_show_it)
{
	expect_said("", "users: error: has no users; nobody could get in\n");
	expect_said("a:" GOOD "\na:" GOOD "\n",
		    "users:2: error: 'a' stands there twice (first in line 1)\n");
	expect_said("\na:" GOOD "x\n", "users:2: error: the hash of 'a' is not whole\n");
	expect_said("a:$5$s\xc3lt$" TAIL "\n",
		    "users:1: error: the hash of 'a' is not whole\n");
	expect_said("a:\n", "users:1: error: the hash of 'a' is DES or plain text; use "
			    "yescrypt, bcrypt, SHA-512 or SHA-256: wsbridged "
			    "--hash-password\n");
	expect_said("jos\xe9 e:" GOOD "\n",
		    "users:1: error: no name of up to 255 bytes of UTF-8 "
		    "before the colon\n");
	expect_said("a\xff:" GOOD "\n",
		    "users:1: error: no name of up to 255 bytes of UTF-8 "
		    "before the colon\n");
	expect_said("\xff:" GOOD "\n",
		    "users:1: error: no name of up to 255 bytes of UTF-8 "
		    "before the colon\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_user_is_found_by_the_whole_name),
		cmocka_unit_test(an_unknown_name_stands_for_always_the_same_user),
		cmocka_unit_test(what_is_no_good_hash_is_an_error_that_does_not_show_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
