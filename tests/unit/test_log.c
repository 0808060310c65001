/* SPDX-License-Identifier: MIT */
/* How a log line looks, that no peer can forge one, that a full pipe never blocks. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static const char *printable(const char *p, size_t n, size_t cap)
{
	static char out[256];
	size_t size;

	memset(out, '#', sizeof(out));
	size = log_printable(out, cap, p, n);
	assert_true(size < cap);
	assert_int_equal(strlen(out), size);
	assert_int_equal(out[cap], '#'); /* not written past */
	return out;
}

TEST(only_error_and_warning_are_said_in_words)
{
	log_open(wr, LOG_LEVEL_DEBUG, false);
	log_error("", "e %d", 1);
	log_warning("", "w");
	log_info("", "i");
	log_debug("", "d");
	assert_string_equal(logged(), "error: e 1\nwarning: w\ni\nd\n");
}

TEST(the_journal_gets_a_priority_instead)
{
	log_open(wr, LOG_LEVEL_DEBUG, true);
	log_error("", "e");
	log_warning("", "w");
	log_info("", "i");
	log_debug("", "d");
	assert_string_equal(logged(), "<3>e\n<4>w\n<6>i\n<7>d\n");
}

TEST(the_session_stands_before_the_text)
{
	log_open(wr, LOG_LEVEL_INFO, false);
	log_error("#17 /clock", "gone");
	log_info("#17 /clock", "closed %d", 1000);
	assert_string_equal(logged(),
			    "error: #17 /clock: gone\n#17 /clock: closed 1000\n");
}

TEST(a_level_that_is_off_writes_nothing_and_evaluates_nothing)
{
	int evaluated = 0;

	log_open(wr, LOG_LEVEL_WARNING, false);
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
	log_open(wr, LOG_LEVEL_INFO, true);
	log_info("#1 /a\n<3>b", "Origin %s", "x\n<3>error\r\t\033[2J\177");
	assert_string_equal(logged(), "<6>#1 /a\\x0A<3>b: Origin x\\x0A<3>error\\x0D\\x09"
				      "\\x1B[2J\\x7F\n");
}

TEST(a_backslash_of_our_own_is_left_alone)
{
	log_open(wr, LOG_LEVEL_INFO, false);
	log_info("", "first bytes: %s", printable("\\\n", 2, 200));
	assert_string_equal(logged(), "first bytes: \\\\\\x0A\n");
}

TEST(errno_is_printed_by_m_and_left_alone)
{
	char expected[128];

	snprintf(expected, sizeof(expected), "#1: %s\n", strerror(ENOENT));
	log_open(wr, LOG_LEVEL_INFO, false);
	errno = ENOENT;
	log_info("#1", "%m");
	assert_int_equal(errno, ENOENT);
	assert_string_equal(logged(), expected);
}

TEST(a_line_is_cut_at_its_limit_with_an_ellipsis)
{
	static char text[3 * LOG_LINE_MAX];
	const char *line;

	log_open(wr, LOG_LEVEL_INFO, true);
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

	log_open(wr, LOG_LEVEL_INFO, false);
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
	log_open(wr, LOG_LEVEL_INFO, false);
	fill();
	alarm(10); /* blocked: killed, which is red, too */
	log_info("", "one");
	log_error("#2", "two");
	log_info("", "three");
	alarm(0);
	assert_true(read(rd, got, sizeof(got)) > 0);
	log_info("", "four");
	log_info("", "five");
	assert_string_equal(logged(), "warning: 3 log lines were lost: they came faster "
				      "than they were read\nfour\nfive\n");
}

TEST(a_reader_that_is_gone_is_no_end_of_the_world)
{
	int null = open("/dev/null", O_WRONLY);

	signal(SIGPIPE, SIG_IGN); /* as the daemon does */
	close(rd);
	rd = -1;
	log_open(wr, LOG_LEVEL_INFO, false);
	errno = ENOENT;
	log_info("", "x");
	assert_int_equal(errno, ENOENT);
	log_open(null, LOG_LEVEL_INFO, false);
	log_info("", "flush the count");
	close(null);
}

TEST(bytes_become_printable)
{
	static const struct {
		const char *in;
		size_t n;
		const char *out;
	} rows[] = {
#define ROW(in, out) { in, sizeof(in) - 1, out }
		ROW("", ""),
		ROW("plain ~", "plain ~"),
		ROW("a\\b", "a\\\\b"),
		ROW("\0\x01\n\x1F\x7F", "\\x00\\x01\\x0A\\x1F\\x7F"),
		ROW("é€😀", "é€😀"),
		ROW("\xC2\xA0", "\xC2\xA0"),
		ROW("\xC2\x9B", "\\xC2\\x9B"),          /* C1: CSI */
		ROW("\xE2\x80\xAE", "\\xE2\\x80\\xAE"), /* right to left */
		ROW("\xE2\x80\xA8", "\\xE2\\x80\\xA8"), /* newline */
		ROW("\xE2\x81\xA6", "\\xE2\\x81\\xA6"), /* isolate */
		ROW("\x80\xFF", "\\x80\\xFF"),          /* no lead byte */
		ROW("\xC3", "\\xC3"),                   /* cut off */
		ROW("\xE2\x82", "\\xE2\\x82"),
		ROW("\xF0\x9F\x98", "\\xF0\\x9F\\x98"),
		ROW("\xE2\x82!", "\\xE2\\x82!"),
		ROW("\xC0\x80\xC1\xBF", "\\xC0\\x80\\xC1\\xBF"), /* overlong */
		ROW("\xE0\x9F\xBF", "\\xE0\\x9F\\xBF"),
		ROW("\xF0\x8F\xBF\xBF", "\\xF0\\x8F\\xBF\\xBF"),
		ROW("\xED\xA0\x80", "\\xED\\xA0\\x80"), /* surrogate */
		ROW("\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF"),
		ROW("\xF4\x90\x80\x80", "\\xF4\\x90\\x80\\x80"), /* too large */
		ROW("\xF5\x80\x80\x80", "\\xF5\\x80\\x80\\x80"),
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(printable(rows[i].in, rows[i].n, 200), rows[i].out);
	assert_string_equal(printable("€", 2, 200), "\\xE2\\x82");
}

TEST(what_does_not_fit_ends_in_an_ellipsis)
{
	assert_string_equal(printable("abcdef", 6, 7), "abcdef");
	assert_string_equal(printable("abcdefg", 7, 7), "abc…");
	assert_string_equal(printable("abc\n", 4, 8), "abc\\x0A");
	assert_string_equal(printable("abc\n", 4, 7), "abc…");
	assert_string_equal(printable("ab€", 5, 6), "ab€");
	assert_string_equal(printable("ab€", 5, 5), "a…");
	assert_string_equal(printable("abcd", 4, 4), "…");
	assert_string_equal(printable("abc", 3, 4), "abc");
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
		T(a_reader_that_is_gone_is_no_end_of_the_world),
		T(bytes_become_printable),
		T(what_does_not_fit_ends_in_an_ellipsis),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
