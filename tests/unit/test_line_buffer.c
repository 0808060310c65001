/* SPDX-License-Identifier: MIT */
/* Which variables make which program write line by line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "line_buffer.h" /* <ev.h> must come before <elf.h>: both have EV_NONE */

#include "elf_file.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define LIBSTDBUF "/usr/libexec/coreutils/libstdbuf.so"

/* The variables of a program started by these words, one a line. */
static const char *variables(const char *program, char *const *env, char *cwd)
{
	static char text[300];
	struct exec_conf conf = { .argv = (char *[]){ (char *)program, NULL },
				  .env = (char **)env,
				  .cwd = cwd };
	size_t n = 0;

	text[0] = '\0';
	for (const char *const *v = line_buffer_env(&conf); *v; v++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s\n", *v);
	return text;
}

static void expect_preload(const char *got)
{
	if (access(LIBSTDBUF, R_OK) == 0)
		assert_string_equal(got, "LD_PRELOAD=" LIBSTDBUF "\n"
					 "_STDBUF_O=L\n"
					 "PYTHONUNBUFFERED=1\n");
	else
		assert_string_equal(got, "PYTHONUNBUFFERED=1\n");
}

static void expect_no_preload(const char *got)
{
	assert_string_equal(got, "PYTHONUNBUFFERED=1\n");
}

TEST(a_program_gets_libstdbuf_where_it_is_installed)
{
	expect_preload(variables("/bin/true", NULL, NULL));
	expect_preload(variables("true", NULL, NULL));
}

TEST(a_preload_of_the_paths_own_is_left_alone)
{
	char *const own[] = { (char[]){ "A=1" }, (char[]){ "LD_PRELOAD=/x.so" }, NULL };
	char *const empty[] = { (char[]){ "LD_PRELOAD=" }, NULL };
	char *const other[] = { (char[]){ "LD_PRELOADED=x" }, (char[]){ "LD=1" }, NULL };

	expect_no_preload(variables("/bin/true", own, NULL));
	expect_no_preload(variables("/bin/true", empty, NULL));
	expect_preload(variables("/bin/true", other, NULL));
}

TEST(a_program_with_the_address_sanitizer_gets_no_preload)
{
	struct elf_file asan = elf_file_of("libasan.so.8");
	struct elf_file plain = elf_file_of("libc.so.6");
	int fd = -1;

	expect_no_preload(variables(elf_file_path(&asan, sizeof(asan), &fd), NULL, NULL));
	close(fd);
	expect_preload(variables(elf_file_path(&plain, sizeof(plain), &fd), NULL, NULL));
	close(fd);
}

TEST(a_program_that_is_not_there_is_no_reason_against_it)
{
	expect_preload(variables("/no/such/program", NULL, NULL));
	expect_preload(variables("no-such-program", NULL, NULL));
}

/* ---- a program with the sanitizer in a directory of its own ---- */

static char top[] = "/tmp/line-XXXXXX";
static char prog[sizeof(top) + 10];

static int setup(void **state)
{
	struct elf_file asan = elf_file_of("libasan.so.8");
	FILE *f;

	(void)state;
	if (!mkdtemp(top))
		return -1;
	snprintf(prog, sizeof(prog), "%s/prog", top);
	f = fopen(prog, "we");
	if (!f || fwrite(&asan, sizeof(asan), 1, f) != 1 || fclose(f) != 0)
		return -1;
	return chmod(prog, 0755);
}

static int teardown(void **state)
{
	(void)state;
	unlink(prog);
	return rmdir(top);
}

TEST(the_program_is_searched_in_the_PATH_that_it_gets)
{
	char path[sizeof(top) + 10];
	char *const env[] = { path, NULL };

	snprintf(path, sizeof(path), "PATH=%s", top);
	expect_no_preload(variables("prog", env, NULL));
	expect_preload(variables("prog", NULL, NULL));
}

TEST(a_relative_program_is_searched_in_its_directory)
{
	expect_no_preload(variables("./prog", NULL, top));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_gets_libstdbuf_where_it_is_installed),
		cmocka_unit_test(a_preload_of_the_paths_own_is_left_alone),
		cmocka_unit_test(a_program_with_the_address_sanitizer_gets_no_preload),
		cmocka_unit_test(a_program_that_is_not_there_is_no_reason_against_it),
		cmocka_unit_test(the_program_is_searched_in_the_PATH_that_it_gets),
		cmocka_unit_test(a_relative_program_is_searched_in_its_directory),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
