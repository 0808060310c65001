/* SPDX-License-Identifier: MIT */
/* How what a program writes to its stderr becomes lines of the log, and how many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "log.h"
#include "stderr_log.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define WHO "#1 /x"
#define LINE WHO ": stderr: " /* how each begins */

static int sink; /* a file in memory */
static char got[1 << 20];

static int setup(void **state)
{
	(void)state;
	sink = memfd_create("log", MFD_CLOEXEC);
	log_open(sink, &(struct log_conf){ .level = LOG_LEVEL_INFO });
	return sink < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	return close(sink);
}

/* What was logged since the last call. */
static const char *logged(void)
{
	ssize_t n = pread(sink, got, sizeof(got) - 1, 0);

	assert_true(n >= 0);
	got[n] = '\0';
	assert_int_equal(ftruncate(sink, 0), 0);
	lseek(sink, 0, SEEK_SET);
	return got;
}

static uint64_t dropped_ever;

static void feed(struct stderr_log *l, double now, const char *text)
{
	stderr_log_feed(l, WHO, now, text, strlen(text));
}

/* How often C stands in the log since the last call of logged(). */
static size_t count(const char *text, char c)
{
	size_t n = 0;

	for (; (text = strchr(text, c)); text++)
		n++;
	return n;
}

/* ---- lines ---- */

TEST(each_line_is_a_line_of_the_log)
{
	struct stderr_log l = { .dropped_ever = &dropped_ever };

	feed(&l, 1, "one\ntwo\n");
	assert_string_equal(logged(), LINE "one\n" LINE "two\n");
	stderr_log_end(&l, WHO, 1);
	assert_string_equal(logged(), "");
}

TEST(a_line_waits_for_its_end)
{
	struct stderr_log l = { .dropped_ever = &dropped_ever };

	feed(&l, 1, "o");
	feed(&l, 1, "n");
	assert_string_equal(logged(), "");
	feed(&l, 1, "e\nt");
	assert_string_equal(logged(), LINE "one\n");
	feed(&l, 1, "wo");
	feed(&l, 1, "\n");
	assert_string_equal(logged(), LINE "two\n");
	stderr_log_end(&l, WHO, 1);
}

TEST(lines_are_the_same_however_they_are_cut)
{
	static const char text[] = "one\n\nthree is longer\n\n\nfour";
	static const char want[] = LINE "one\n" LINE "\n" LINE "three is longer\n" LINE
					"\n" LINE "\n" LINE "four\n";

	for (size_t step = 1; step <= sizeof(text); step++) {
		struct stderr_log l = { .dropped_ever = &dropped_ever };

		for (size_t at = 0; at < sizeof(text) - 1; at += step) {
			size_t rest = sizeof(text) - 1 - at;

			stderr_log_feed(&l, WHO, 1, text + at, step < rest ? step : rest);
		}
		stderr_log_end(&l, WHO, 1);
		assert_string_equal(logged(), want);
	}
}

TEST(the_last_line_needs_no_newline)
{
	struct stderr_log l = { .dropped_ever = &dropped_ever };

	feed(&l, 1, "Segmentation fault");
	stderr_log_end(&l, WHO, 1);
	assert_string_equal(logged(), LINE "Segmentation fault\n");
}

TEST(a_program_cannot_forge_lines_nor_drive_the_terminal)
{
	struct stderr_log l = { .dropped_ever = &dropped_ever };

	feed(&l, 1, "\x1b[2J\rerror: x\n");
	assert_string_equal(logged(), LINE "\\x1B[2J\\x0Derror: x\n");
	stderr_log_end(&l, WHO, 1);
}

TEST(a_nul_does_not_hide_what_follows_it)
{
	struct stderr_log l = { .dropped_ever = &dropped_ever };

	stderr_log_feed(&l, WHO, 1, "a\0b\n", 4);
	assert_string_equal(logged(), LINE "a\\x00b\n");
	stderr_log_end(&l, WHO, 1);
}

/* ---- long lines ---- */

/* Feed a line of N bytes, STEP at a time, and end it by END; the log of it. */
static const char *log_of_long(size_t n, size_t step, const char *end)
{
	struct stderr_log l = { .dropped_ever = &dropped_ever };
	char *line = malloc(step);

	memset(line, 'y', step);
	for (size_t at = 0; at < n; at += step)
		stderr_log_feed(&l, WHO, 1, line, step < n - at ? step : n - at);
	feed(&l, 1, end);
	stderr_log_end(&l, WHO, 1);
	free(line);
	return logged();
}

TEST(a_line_that_is_too_long_is_split)
{
	assert_int_equal(count(log_of_long(STDERR_LINE_MAX + 1, 20000, "\n"), '\n'), 2);
	assert_int_equal(count(log_of_long(3 * STDERR_LINE_MAX - 1, 20000, "\n"), '\n'),
			 3);
	assert_int_equal(count(log_of_long(3 * STDERR_LINE_MAX - 1, 100, ""), '\n'), 3);
}

TEST(a_line_that_just_fits_is_not_split)
{
	static const char *const ends[] = { "\n", "" };

	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(
			count(log_of_long(STDERR_LINE_MAX, 20000, ends[i]), '\n'), 1);
		assert_int_equal(count(log_of_long(STDERR_LINE_MAX, 1, ends[i]), '\n'),
				 1);
		assert_int_equal(
			count(log_of_long(2 * STDERR_LINE_MAX, 999, ends[i]), '\n'), 2);
	}
}

TEST(of_a_line_that_is_split_nothing_is_lost)
{
	assert_int_equal(count(log_of_long(20000, 20000, "\n"), 'y'), 20000);
	assert_int_equal(count(log_of_long(20000, 7, "\n"), 'y'), 20000);
}

TEST(a_line_without_end_takes_no_memory_without_end)
{
	struct stderr_log l = { .dropped_ever = &dropped_ever };
	static char piece[10000];

	memset(piece, 'y', sizeof(piece));
	for (int i = 0; i < 100; i++) {
		stderr_log_feed(&l, WHO, 1, piece, sizeof(piece));
		assert_in_range(buf_cap(&l.lines.line), 0, 2 * STDERR_LINE_MAX);
	}
	stderr_log_end(&l, WHO, 1);
	logged();
}

/* ---- how many ---- */

static void feed_lines(struct stderr_log *l, double now, int n)
{
	for (int i = 0; i < n; i++)
		feed(l, now, "x\n");
}

TEST(in_a_second_only_so_many_lines_are_logged)
{
	struct stderr_log l = { .dropped_ever = &dropped_ever };

	feed_lines(&l, 10, STDERR_LINES_AT_ONCE);
	assert_int_equal(count(logged(), '\n'), STDERR_LINES_AT_ONCE);
	feed_lines(&l, 10.5, 20);
	feed_lines(&l, 10.99, 30);
	assert_string_equal(logged(), "");
	stderr_log_end(&l, WHO, 10.99);
	logged();
}

TEST(the_next_second_begins_with_how_many_were_dropped)
{
	struct stderr_log l = { .dropped_ever = &dropped_ever };

	feed_lines(&l, 10, STDERR_LINES_AT_ONCE + 50);
	logged();
	feed(&l, 11, "again\n");
	assert_string_equal(logged(), "warning: " LINE "50 more lines were dropped\n" LINE
				      "again\n");
	feed_lines(&l, 11.5, STDERR_LINES_PER_SECOND);
	assert_int_equal(count(logged(), '\n'), STDERR_LINES_PER_SECOND - 1);
	feed(&l, 12, "and again\n");
	assert_string_equal(logged(), "warning: " LINE "1 more lines were dropped\n" LINE
				      "and again\n");
	stderr_log_end(&l, WHO, 12);
	assert_string_equal(logged(), "");
}

TEST(after_a_silence_there_may_be_many_again)
{
	struct stderr_log l = { .dropped_ever = &dropped_ever };

	feed_lines(&l, 10, STDERR_LINES_AT_ONCE);
	feed_lines(&l, 1000, STDERR_LINES_AT_ONCE + 1);
	assert_int_equal(count(logged(), '\n'), 2 * STDERR_LINES_AT_ONCE);
	stderr_log_end(&l, WHO, 1000);
	logged();
}

TEST(at_the_end_the_dropped_lines_are_told)
{
	struct stderr_log l = { .dropped_ever = &dropped_ever };

	dropped_ever = 100;
	feed_lines(&l, 10, STDERR_LINES_AT_ONCE + 7);
	feed(&l, 10, "the last one, dropped too");
	logged();
	stderr_log_end(&l, WHO, 10);
	assert_string_equal(logged(), "warning: " LINE "8 more lines were dropped\n");
	assert_int_equal(dropped_ever, 108);
}

TEST(lines_that_come_slowly_are_all_logged)
{
	struct stderr_log l = { .dropped_ever = &dropped_ever };

	for (int i = 0; i < 3 * STDERR_LINES_AT_ONCE; i++)
		feed(&l, 10 + i / 10.0, "x\n");
	stderr_log_end(&l, WHO, 99);
	assert_int_equal(count(logged(), '\n'), 3 * STDERR_LINES_AT_ONCE);
}

TEST(a_flood_without_newlines_is_limited_too)
{
	struct stderr_log l = { .dropped_ever = &dropped_ever };
	static char piece[STDERR_LINE_MAX];

	memset(piece, 'y', sizeof(piece));
	for (int i = 0; i < 2 * STDERR_LINES_AT_ONCE; i++)
		stderr_log_feed(&l, WHO, 10, piece, sizeof(piece));
	assert_in_range(count(logged(), '\n'), 1, STDERR_LINES_AT_ONCE);
	stderr_log_end(&l, WHO, 10);
	assert_int_equal(count(logged(), '\n'), 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_line_is_a_line_of_the_log),
		cmocka_unit_test(a_line_waits_for_its_end),
		cmocka_unit_test(lines_are_the_same_however_they_are_cut),
		cmocka_unit_test(the_last_line_needs_no_newline),
		cmocka_unit_test(a_program_cannot_forge_lines_nor_drive_the_terminal),
		cmocka_unit_test(a_nul_does_not_hide_what_follows_it),
		cmocka_unit_test(a_line_that_is_too_long_is_split),
		cmocka_unit_test(a_line_that_just_fits_is_not_split),
		cmocka_unit_test(of_a_line_that_is_split_nothing_is_lost),
		cmocka_unit_test(a_line_without_end_takes_no_memory_without_end),
		cmocka_unit_test(in_a_second_only_so_many_lines_are_logged),
		cmocka_unit_test(the_next_second_begins_with_how_many_were_dropped),
		cmocka_unit_test(after_a_silence_there_may_be_many_again),
		cmocka_unit_test(at_the_end_the_dropped_lines_are_told),
		cmocka_unit_test(lines_that_come_slowly_are_all_logged),
		cmocka_unit_test(a_flood_without_newlines_is_limited_too),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
