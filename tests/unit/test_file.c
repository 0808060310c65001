/* SPDX-License-Identifier: MIT */
/* A whole file: all of it or an error, and nobody makes us wait. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "file.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static char top[] = "/tmp/test_file.XXXXXX";
static char path[sizeof(top) + 32];

static const char *at(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", top, name);
	return path;
}

static void write_file(const char *name, size_t n)
{
	FILE *f = fopen(at(name), "w");

	assert_non_null(f);
	for (size_t i = 0; i < n; i++)
		putc('a' + (int)(i % 26), f);
	assert_int_equal(fclose(f), 0);
}

TEST(all_of_a_file_is_read_behind_what_was_there)
{
	struct buf b = { 0 };

	write_file("many", 100000);
	assert_int_equal(buf_append(&b, "head", 4, SIZE_MAX), 0);
	assert_int_equal(file_read(at("many"), SIZE_MAX, &b), 0);
	assert_int_equal(buf_len(&b), 100004);
	assert_memory_equal(buf_head(&b), "headabc", 7);
	for (size_t i = 0; i < 100000; i++)
		assert_int_equal(buf_head(&b)[4 + i], 'a' + (int)(i % 26));
	buf_free(&b);
	write_file("empty", 0);
	assert_int_equal(file_read(at("empty"), SIZE_MAX, &b), 0);
	assert_int_equal(file_read("/dev/null", SIZE_MAX, &b), 0);
	assert_int_equal(buf_len(&b), 0);
}

TEST(what_is_too_long_is_an_error)
{
	struct buf b = { 0 };

	write_file("five", 5);
	assert_int_equal(file_read(at("five"), 5, &b), 0);
	assert_int_equal(buf_len(&b), 5);
	buf_free(&b);
	assert_int_equal(file_read(at("five"), 4, &b), -EFBIG);
	buf_free(&b);
}

TEST(a_file_without_a_size_is_read_to_its_end)
{
	struct buf b = { 0 };

	assert_int_equal(file_read("/proc/self/stat", SIZE_MAX, &b), 0);
	assert_true(buf_len(&b) > 0);
	buf_free(&b);
}

TEST(what_is_no_regular_file_is_not_waited_for)
{
	struct buf b = { 0 };

	assert_int_equal(mkfifo(at("fifo"), 0600), 0);
	assert_int_equal(file_read(at("fifo"), SIZE_MAX, &b), -ENOTSUP);
	assert_int_equal(file_read("/dev/zero", SIZE_MAX, &b), -ENOTSUP);
	assert_int_equal(file_read(top, SIZE_MAX, &b), -EISDIR);
	assert_int_equal(file_read(at("none"), SIZE_MAX, &b), -ENOENT);
	assert_string_equal(file_error(-ENOTSUP), "it is no regular file");
	assert_string_equal(file_error(-EISDIR), "Is a directory");
}

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(top) ? 0 : -1;
}

static int tear_down(void **state)
{
	static const char *const names[] = { "many", "empty", "five", "fifo" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		unlink(at(names[i]));
	return rmdir(top);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_a_file_is_read_behind_what_was_there),
		cmocka_unit_test(what_is_too_long_is_an_error),
		cmocka_unit_test(a_file_without_a_size_is_read_to_its_end),
		cmocka_unit_test(what_is_no_regular_file_is_not_waited_for),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
