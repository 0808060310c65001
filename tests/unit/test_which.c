/* SPDX-License-Identifier: MIT */
/* Which file a command's name is. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "which.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

/* A directory with a/prog, b/prog (both to run), a/plain (not to run) and a/dir/. */
static char top[] = "/tmp/which-XXXXXX";
static char out[4096];

static void make(const char *name, mode_t mode)
{
	int fd = open(name, O_CREAT | O_WRONLY | O_CLOEXEC, mode);

	assert_true(fd >= 0);
	close(fd);
}

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(top) || chdir(top) < 0 || mkdir("a", 0755) < 0 ||
	    mkdir("b", 0755) < 0 || mkdir("a/dir", 0755) < 0)
		return -1;
	make("a/prog", 0755);
	make("b/prog", 0755);
	make("a/plain", 0644);
	return 0;
}

static int teardown(void **state)
{
	static const char *const files[] = { "a/prog", "b/prog", "a/plain" };

	(void)state;
	for (size_t i = 0; i < 3; i++)
		unlink(files[i]);
	rmdir("a/dir");
	rmdir("a");
	rmdir("b");
	return chdir("/") < 0 ? -1 : rmdir(top);
}

TEST(the_first_directory_that_has_it_wins)
{
	assert_int_equal(which("prog", "a:b", out, sizeof(out)), 0);
	assert_string_equal(out, "a/prog");
	assert_int_equal(which("prog", "nope:b:a", out, sizeof(out)), 0);
	assert_string_equal(out, "b/prog");
}

TEST(an_empty_directory_is_the_current_one)
{
	assert_int_equal(chdir("a"), 0);
	assert_int_equal(which("prog", "/nope:", out, sizeof(out)), 0);
	assert_string_equal(out, "./prog");
	assert_int_equal(which("prog", "", out, sizeof(out)), 0);
	assert_int_equal(which("prog", ":/nope", out, sizeof(out)), 0);
	assert_int_equal(chdir(".."), 0);
}

TEST(a_name_with_a_slash_is_not_searched)
{
	assert_int_equal(which("a/prog", "/nope", out, sizeof(out)), 0);
	assert_string_equal(out, "a/prog");
	assert_int_equal(which("./prog", "a:b", out, sizeof(out)), -ENOENT);
}

TEST(what_is_not_there_is_told_from_what_cannot_be_executed)
{
	assert_int_equal(which("nope", "a:b", out, sizeof(out)), -ENOENT);
	assert_int_equal(which("", "a:b", out, sizeof(out)), -ENOENT);
	assert_int_equal(which("plain", "a:b", out, sizeof(out)), -EACCES);
	assert_int_equal(which("a/plain", "", out, sizeof(out)), -EACCES);
	assert_int_equal(which("dir", "a:b", out, sizeof(out)), -EACCES);
}

TEST(what_does_not_fit_is_not_there)
{
	char small[6];

	assert_int_equal(which("prog", "a", small, sizeof(small)), -ENOENT);
	assert_int_equal(which("a/prog", "", small, sizeof(small)), -ENOENT);
}

TEST(a_childs_PATH_is_its_own_or_ours_or_the_default)
{
	char *env[] = { (char[]){ "A=1" }, (char[]){ "PATH=/x" }, (char[]){ "PATH=/y" },
			NULL };
	char *none[] = { NULL };

	assert_int_equal(setenv("PATH", "/ours", 1), 0);
	assert_string_equal(which_path(env), "/y");
	assert_string_equal(which_path(none), "/ours");
	assert_string_equal(which_path(NULL), "/ours");
	assert_int_equal(unsetenv("PATH"), 0);
	assert_string_equal(which_path(NULL), SYS_DEFAULT_PATH);
}

TEST(what_was_found_is_known_for_its_PATH_until_it_is_forgotten)
{
	struct which_found f = { 0 };

	assert_false(which_knows(&f, "a:b"));
	assert_int_equal(which_find(&f, NULL, "prog", "a:b"), 0);
	assert_string_equal(f.file, "a/prog");
	assert_true(which_knows(&f, "a:b"));
	assert_false(which_knows(&f, "b"));
	assert_int_equal(which_find(&f, NULL, "prog", "b"), 0);
	assert_string_equal(f.file, "b/prog");
	assert_int_equal(which_find(&f, "b", "../a/prog", "b"), 0);
	assert_string_equal(f.file, "b/../a/prog");
	assert_int_equal(which_find(&f, NULL, "plain", "a:b"), -EACCES);
	assert_false(which_knows(&f, "a:b"));
	assert_false(which_knows(&f, "b"));
	which_forget(&f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_directory_that_has_it_wins),
		cmocka_unit_test(an_empty_directory_is_the_current_one),
		cmocka_unit_test(a_name_with_a_slash_is_not_searched),
		cmocka_unit_test(what_is_not_there_is_told_from_what_cannot_be_executed),
		cmocka_unit_test(what_does_not_fit_is_not_there),
		cmocka_unit_test(a_childs_PATH_is_its_own_or_ours_or_the_default),
		cmocka_unit_test(
			what_was_found_is_known_for_its_PATH_until_it_is_forgotten),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
