/* SPDX-License-Identifier: MIT */
/* Levels, limits and counts of the log; that a full pipe never blocks. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "log.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static int rd, wr;
static char got[1 << 17];

static int setup(void **state)
{
	int fds[2];

	(void)state;
	if (pipe(fds) < 0 || fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0)
		return -1;
	rd = fds[0];
	wr = fds[1];
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close(rd);
	close(wr);
	return 0;
}

/* Everything the pipe holds, as a string. */
static const char *logged(void)
{
	size_t n = 0;
	ssize_t r;

	while ((r = read(rd, got + n, sizeof(got) - 1 - n)) > 0)
		n += (size_t)r;
	got[n] = '\0';
	return got;
}

/* Fill the pipe to the last byte, then let write(2) block again. */
static void fill(void)
{
	static const char junk[4096];

	assert_int_equal(fcntl(wr, F_SETFL, O_NONBLOCK), 0);
	while (write(wr, junk, sizeof(junk)) > 0)
		;
	while (write(wr, junk, 1) > 0)
		;
	assert_int_equal(fcntl(wr, F_SETFL, 0), 0);
}

/* Text of at most LEVEL. */
static void open_text(enum log_level level)
{
	log_open(wr, &(struct log_conf){ .level = level });
}

/* The same for the journal. */
static void open_journal(enum log_level level)
{
	log_open(wr, &(struct log_conf){ .level = level, .journal_prefix = true });
}

TEST(only_error_and_warning_are_said_in_words)
{
	open_text(LOG_LEVEL_DEBUG);
	log_error("", "e %d", 1);
	log_warning("", "w");
	log_info("", "i");
	log_debug("", "d");
	assert_string_equal(logged(), "error: e 1\nwarning: w\ni\nd\n");
}

TEST(the_journal_gets_a_priority_instead)
{
	open_journal(LOG_LEVEL_DEBUG);
	log_error("", "e");
	log_warning("", "w");
	log_info("", "i");
	log_debug("", "d");
	assert_string_equal(logged(), "<3>e\n<4>w\n<6>i\n<7>d\n");
}

TEST(the_session_stands_before_the_text)
{
	open_text(LOG_LEVEL_INFO);
	log_error("#17 /clock", "gone");
	log_info("#17 /clock", "closed %d", 1000);
	assert_string_equal(logged(),
			    "error: #17 /clock: gone\n#17 /clock: closed 1000\n");
}

TEST(a_level_that_is_off_writes_nothing_and_evaluates_nothing)
{
	int evaluated = 0;

	open_text(LOG_LEVEL_WARNING);
	assert_true(log_is_on(LOG_LEVEL_ERROR));
	assert_true(log_is_on(LOG_LEVEL_WARNING));
	assert_false(log_is_on(LOG_LEVEL_INFO));
	log_info("", "%d", ++evaluated);
	log_write(LOG_LEVEL_DEBUG, "", "x");
	assert_int_equal(evaluated, 0);
	assert_string_equal(logged(), "");
}

TEST(a_newline_of_a_peer_cannot_forge_a_line)
{
	open_journal(LOG_LEVEL_INFO);
	log_info("#1 /a\n<3>b", "Origin %s", "x\n<3>error\r\t\033[2J\177");
	assert_string_equal(logged(), "<6>#1 /a\\x0A<3>b: Origin x\\x0A<3>error\\x0D\\x09"
				      "\\x1B[2J\\x7F\n");
}

TEST(a_backslash_of_our_own_is_left_alone)
{
	open_text(LOG_LEVEL_INFO);
	char bytes[16];

	log_printable(bytes, sizeof(bytes), "\\\n", 2);
	log_info("", "first bytes: %s", bytes);
	assert_string_equal(logged(), "first bytes: \\\\\\x0A\n");
}

TEST(errno_is_printed_by_m_and_left_alone)
{
	char expected[128];

	snprintf(expected, sizeof(expected), "#1: %s\n", strerror(ENOENT));
	open_text(LOG_LEVEL_INFO);
	errno = ENOENT;
	log_info("#1", "%m");
	assert_int_equal(errno, ENOENT);
	assert_string_equal(logged(), expected);
}

TEST(a_line_is_cut_at_its_limit_with_an_ellipsis)
{
	static char text[3 * LOG_LINE_MAX];
	const char *line;

	open_journal(LOG_LEVEL_INFO);
	for (size_t n = LOG_LINE_MAX - 16; n < LOG_LINE_MAX + 16; n++) {
		bool cut = 3 + n + 1 > LOG_LINE_MAX;

		memset(text, 'x', n);
		text[n] = '\0';
		log_info("", "%s", text);
		line = logged();
		assert_int_equal(strlen(line), cut ? LOG_LINE_MAX : 3 + n + 1);
		assert_int_equal(line[strlen(line) - 1], '\n');
		assert_int_equal(strstr(line, "…\n") != NULL, cut);
	}
	memset(text, '\n', sizeof(text) - 1); /* every byte becomes four */
	log_info(text, "%s", text);
	line = logged();
	assert_true(strlen(line) <= LOG_LINE_MAX && strlen(line) > LOG_LINE_MAX - 4);
	assert_string_equal(line + strlen(line) - 8, "\\x0A…\n");
}

TEST(a_cut_never_tears_a_character)
{
	char text[LOG_LINE_MAX + 64];
	const char *line;

	open_text(LOG_LEVEL_INFO);
	for (size_t lead = 0; lead < 8; lead++) {
		memset(text, 'x', lead);
		for (size_t at = lead; at < sizeof(text); at += 3)
			snprintf(text + at, sizeof(text) - at, "€");
		log_info("", "%s", text);
		line = logged();
		assert_null(strchr(line, '\\'));
		assert_string_equal(line + strlen(line) - 7, "€…\n");
	}
}

TEST(a_full_pipe_never_blocks_and_what_was_lost_is_counted)
{
	open_text(LOG_LEVEL_INFO);
	fill();
	alarm(10); /* blocked: killed, which is red, too */
	log_info("", "one");
	log_error("#2", "two");
	log_info("", "three");
	alarm(0);
	assert_true(read(rd, got, sizeof(got)) > 0);
	log_info("", "four");
	log_info("", "five");
	assert_string_equal(logged(),
			    "warning: 3 log lines were lost: the reader was too "
			    "slow, or the disk full\nfour\nfive\n");
}

TEST(a_reader_that_is_gone_is_no_end_of_the_world)
{
	int null = open("/dev/null", O_WRONLY);

	signal(SIGPIPE, SIG_IGN); /* as the daemon does */
	close(rd);
	rd = -1;
	open_text(LOG_LEVEL_INFO);
	errno = ENOENT;
	log_info("", "x");
	assert_int_equal(errno, ENOENT);
	log_open(null, &(struct log_conf){ .level = LOG_LEVEL_INFO });
	log_info("", "flush the count");
	close(null);
}

TEST(a_full_disk_costs_lines_and_nothing_else)
{
	int full = open("/dev/full", O_WRONLY);
	struct log_counts before;

	log_open(full, &(struct log_conf){ .level = LOG_LEVEL_INFO });
	errno = ENOENT;
	before = log_counts();
	log_info("", "one");
	log_info("", "two");
	assert_int_equal(errno, ENOENT);
	assert_true(log_owes());
	assert_int_equal(log_counts().lost, before.lost + 2);
	assert_int_equal(log_counts().limited, before.limited);
	open_text(LOG_LEVEL_INFO);
	log_settle(false);
	assert_false(log_owes());
	assert_string_equal(logged(),
			    "warning: 2 log lines were lost: the reader was too "
			    "slow, or the disk full\n");
	close(full);
}

/* A disk that fills up takes a part of a line: here, a file that may not grow. */
TEST(a_line_that_was_torn_does_not_tear_the_next)
{
	struct rlimit old, less;
	FILE *file = tmpfile();
	char text[64] = "";

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	less = (struct rlimit){ 4, old.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	log_open(fileno(file), &(struct log_conf){ .level = LOG_LEVEL_INFO });
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &less), 0);
	log_info("", "first line");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	log_info("", "second line");
	assert_true(pread(fileno(file), text, sizeof(text) - 1, 0) > 0);
	assert_memory_equal(text, "firs\nwarning: 1 log line", 24);
	fclose(file);
}

TEST(what_a_reason_has_too_many_of_is_counted_and_told)
{
	static const char expected[] = "x 0\nx 1\nx 2\nother\nx: 97 more in the last "
				       "second\n";
	struct log_counts before = log_counts();

	log_open(wr, &(struct log_conf){ .level = LOG_LEVEL_INFO, .most = 3 });
	for (int i = 0; i < 100; i++)
		log_info("", "x %d", i);
	assert_true(log_owes());
	assert_int_equal(log_counts().limited, before.limited + 97);
	assert_int_equal(log_counts().lost, before.lost);
	log_info("", "other");
	log_settle(true);
	assert_false(log_owes());
	assert_string_equal(logged(), expected);
}

TEST(events_of_one_name_are_limited_by_kind)
{
	struct log_event e = { .name = "refused" };

	log_open(wr, &(struct log_conf){ .level = LOG_LEVEL_INFO, .most = 1 });
	for (unsigned i = 0; i < 4; i++) {
		e.kind = 403 + i % 2;
		log_event(LOG_LEVEL_INFO, "#1 /a", &e);
	}
	log_settle(true);
	assert_string_equal(logged(), "#1 /a: refused\n#1 /a: refused\n"
				      "refused 403: 1 more in the last second\n"
				      "refused 404: 1 more in the last second\n");
}

TEST(debug_and_what_is_bounded_otherwise_are_not_limited)
{
	struct log_event e = { .name = "closed", .unlimited = true };

	log_open(wr, &(struct log_conf){ .level = LOG_LEVEL_DEBUG, .most = 1 });
	for (int i = 0; i < 3; i++) {
		log_debug("", "d");
		log_event(LOG_LEVEL_INFO, "", &e);
	}
	assert_false(log_owes());
	assert_string_equal(logged(), "d\nclosed\nd\nclosed\nd\nclosed\n");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(only_error_and_warning_are_said_in_words),
		T(the_journal_gets_a_priority_instead),
		T(the_session_stands_before_the_text),
		T(a_level_that_is_off_writes_nothing_and_evaluates_nothing),
		T(a_newline_of_a_peer_cannot_forge_a_line),
		T(a_backslash_of_our_own_is_left_alone),
		T(errno_is_printed_by_m_and_left_alone),
		T(a_line_is_cut_at_its_limit_with_an_ellipsis),
		T(a_cut_never_tears_a_character),
		T(a_full_pipe_never_blocks_and_what_was_lost_is_counted),
		T(a_full_disk_costs_lines_and_nothing_else),
		T(a_line_that_was_torn_does_not_tear_the_next),
		T(what_a_reason_has_too_many_of_is_counted_and_told),
		T(events_of_one_name_are_limited_by_kind),
		T(debug_and_what_is_bounded_otherwise_are_not_limited),
		T(a_reader_that_is_gone_is_no_end_of_the_world),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
