/* SPDX-License-Identifier: MIT */
/* What ${...} in a value becomes, and that no secret is shown. */
#include <unistd.h>

#include "conf_expand.h"
#include "conf_text.h"

static char top[] = "/tmp/expand-XXXXXX";
static struct conf_mem *mem;

static void write_file(const char *name, const char *text, size_t n)
{
	FILE *f = fopen(name, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	fclose(f);
}

static int setup(void **state)
{
	(void)state;
	mem = conf_mem_new();
	if (!mem || !mkdtemp(top) || chdir(top) < 0)
		return -1;
	write_file("token", "s3cret\n", 7);
	write_file("lines", "a\nb\n\n", 5);
	write_file("nul", "a\0b", 3);
	write_file("empty", "", 0);
	return setenv("CREDENTIALS_DIRECTORY", top, 1) | setenv("ONE", "1", 1) |
	       setenv("DOLLAR", "${env:ONE}", 1) | unsetenv("UNSET");
}

static int teardown(void **state)
{
	static const char *const names[] = { "token", "lines", "nul", "empty", "big" };

	(void)state;
	conf_mem_free(mem);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		unlink(names[i]);
	return chdir("/") < 0 ? -1 : rmdir(top);
}

/* The value, or the error. */
static const char *expand(const char *raw)
{
	static char err[CONF_EXPAND_ERR];
	const char *value;

	return conf_expand(mem, raw, &value, err) == 0 ? value : err;
}

TEST(a_variable_is_replaced)
{
	assert_string_equal(expand("${env:ONE}"), "1");
	assert_string_equal(expand("a${env:ONE}b${env:ONE}"), "a1b1");
}

TEST(every_other_dollar_stays)
{
	assert_string_equal(expand("$ONE ${ONE} $$ $ ${env} $(x) $"),
			    "$ONE ${ONE} $$ $ ${env} $(x) $");
	assert_string_equal(expand(""), "");
	assert_string_equal(expand("$${env:ONE}"), "$1");
}

TEST(what_was_put_in_is_not_expanded_again)
{
	assert_string_equal(expand("${env:DOLLAR}"), "${env:ONE}");
}

TEST(a_variable_that_is_not_set_is_an_error)
{
	assert_string_equal(expand("${env:UNSET}"), "${env:UNSET} is not set");
	assert_string_equal(expand("${env:}"), "${env:} is not set");
	assert_string_equal(expand("${env:ONE"), "${env: has no }");
}

TEST(a_file_stands_without_the_newline_at_its_end)
{
	char raw[200];

	assert_string_equal(expand("<${cred:token}>"), "<s3cret>");
	assert_string_equal(expand("<${cred:lines}>"), "<a\nb\n>");
	assert_string_equal(expand("<${cred:empty}>"), "<>");
	snprintf(raw, sizeof(raw), "${file:%s/token}", top);
	assert_string_equal(expand(raw), "s3cret");
}

TEST(what_is_no_credential_is_an_error)
{
	assert_string_equal(expand("${cred:../x}"),
			    "${cred:../x} is no name of a credential");
	assert_string_equal(expand("${cred:..}"),
			    "${cred:..} is no name of a credential");
	assert_string_equal(expand("${cred:}"), "${cred:} is no name of a credential");
	assert_non_null(
		strstr(expand("${cred:nope}"), "/nope: No such file or directory"));
	assert_non_null(strstr(expand("${cred:nul}"), "/nul holds a NUL byte"));
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	assert_string_equal(expand("${cred:token}"),
			    "${cred:token} needs LoadCredential= in the unit: "
			    "CREDENTIALS_DIRECTORY is not set");
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", top, 1), 0);
}

TEST(a_file_that_cannot_stand_in_a_value_is_an_error)
{
	char *big = calloc(1, CONF_EXPAND_FILE_MAX + 1);

	memset(big, 'x', CONF_EXPAND_FILE_MAX + 1);
	write_file("big", big, CONF_EXPAND_FILE_MAX);
	assert_int_equal(strlen(expand("${cred:big}")), CONF_EXPAND_FILE_MAX);
	write_file("big", big, CONF_EXPAND_FILE_MAX + 1);
	assert_non_null(strstr(expand("${cred:big}"), "/big is longer than 65536 bytes"));
	assert_string_equal(expand("${file:token}"),
			    "${file:token} is not an absolute path");
	assert_string_equal(expand("${file:/}"), "cannot read /: Is a directory");
	free(big);
}

TEST(values_expand_and_commands_do_not)
{
	struct conf *c =
		load_good("[server]\nlisten = 127.0.0.1:${env:ONE}\n"
			  "[/a]\nexec = echo ${env:UNSET}\nenv = T=${cred:token}\n"
			  "close_code = ${env:ONE}000\n"
			  "[/b]\nshell = echo ${cred:nope}\n");

	assert_int_equal(c->listen[0].port, 1);
	assert_string_equal(c->paths[0]->exec.argv[1], "${env:UNSET}");
	assert_string_equal(c->paths[0]->exec.env[0], "T=s3cret");
	assert_int_equal(c->paths[0]->session.close_code, 1000);
	assert_string_equal(c->paths[1]->exec.argv[2], "echo ${cred:nope}");
	conf_free(c);
}

TEST(an_error_in_a_value_does_not_show_the_secret)
{
	assert_string_equal(
		errors_in_path("queue = ${cred:token}"),
		"x.ini:3: error: queue = ${cred:token} is not valid once it is expanded\n");
	assert_string_equal(errors_in_path("queue = ${env:ONE}"),
			    "x.ini:3: error: queue = 1 is not between 4k and 1G\n");
	assert_string_equal(errors_in_path("queue = ${env:UNSET}"),
			    "x.ini:3: error: queue: ${env:UNSET} is not set\n");
	assert_string_equal(errors_in_path("queue = ${cred:empty}"),
			    "x.ini:3: error: queue needs a value\n");
}

TEST(a_secret_is_printed_as_it_was_written)
{
	struct conf *c = load_good(LOAD "env = T=${cred:token}\n");
	char *text = printed(c);

	assert_non_null(strstr(text, "\nenv = T=${cred:token}\n"));
	assert_null(strstr(text, "s3cret"));
	free(text);
	conf_free(c);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_variable_is_replaced),
		cmocka_unit_test(every_other_dollar_stays),
		cmocka_unit_test(what_was_put_in_is_not_expanded_again),
		cmocka_unit_test(a_variable_that_is_not_set_is_an_error),
		cmocka_unit_test(a_file_stands_without_the_newline_at_its_end),
		cmocka_unit_test(what_is_no_credential_is_an_error),
		cmocka_unit_test(a_file_that_cannot_stand_in_a_value_is_an_error),
		cmocka_unit_test(values_expand_and_commands_do_not),
		cmocka_unit_test(an_error_in_a_value_does_not_show_the_secret),
		cmocka_unit_test(a_secret_is_printed_as_it_was_written),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
