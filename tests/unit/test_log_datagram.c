/* SPDX-License-Identifier: MIT */
/* How an event looks to the journal and to syslog. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "log_impl.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define NFIELDS(fields) (sizeof(fields) / sizeof(*(fields)))

static const struct timespec when = { 1795339800, 120999999 };
static const struct log_conf conf = { .colour = true, .time = true };
static char entry[LOG_DATAGRAM_MAX + 1];

static const char *journal(const struct log_conf *c, enum log_level level,
			   const char *who, const struct log_event *e)
{
	size_t n;

	memset(entry, '#', sizeof(entry));
	n = log_journal_entry(entry, c, &when, level, who, e);
	assert_true(n > 0 && n <= LOG_DATAGRAM_MAX);
	assert_int_equal(entry[n - 1], '\n');
	assert_int_equal(entry[n], '#'); /* not written past */
	entry[n] = '\0';
	return entry;
}

static const char *syslog_line(enum log_level level, const char *who,
			       const struct log_event *e)
{
	size_t n = log_syslog_entry(entry, &conf, &when, level, who, e);

	entry[n] = '\0';
	return entry;
}

TEST(an_event_has_its_fields)
{
	struct log_field fields[] = {
		{ "peer", LOG_WORD, .value.text = "127.0.0.1:1" },
		{ "user", LOG_WORD, .value.text = NULL },
		{ "seconds", LOG_SECONDS, .value.seconds = 1.25 },
		{ "in", LOG_TRAFFIC, .value.traffic = { 2, 8 } },
		{ "code", LOG_NUMBER, .value.number = 1000 },
		{ "reason", LOG_TEXT, .value.text = "" },
		{ "round_trip", LOG_LATENCY, .value.seconds = 0.0012 },
		{ "other", LOG_LATENCY, .value.seconds = -1 },
	};
	struct log_event e = { .name = "closed", .fields = fields, .nfields = 8 };

	assert_string_equal(
		journal(&conf, LOG_LEVEL_INFO, "#17 /a b", &e),
		"MESSAGE=#17 /a\\x20b: closed peer=127.0.0.1:1 user=- seconds=1.250 "
		"in=2/8 code=1000 reason=\"\" round_trip=1.2ms other=-\n"
		"PRIORITY=6\nSYSLOG_IDENTIFIER=wsbridged\nWSBRIDGE_EVENT=closed\n"
		"WSBRIDGE_CONN=17\nWSBRIDGE_PATH=/a b\nWSBRIDGE_PEER=127.0.0.1:1\n"
		"WSBRIDGE_SECONDS=1.250\nWSBRIDGE_IN=2/8\nWSBRIDGE_CODE=1000\n"
		"WSBRIDGE_ROUND_TRIP=0.001200\n");
}

TEST(a_message_of_the_daemon_has_no_session)
{
	struct log_event e = { .message = { "full", 4 } };

	assert_string_equal(journal(&conf, LOG_LEVEL_ERROR, "", &e),
			    "MESSAGE=full\nPRIORITY=3\nSYSLOG_IDENTIFIER=wsbridged\n");
	assert_non_null(
		strstr(journal(&conf, LOG_LEVEL_WARNING, "", &e), "\nPRIORITY=4\n"));
	assert_non_null(
		strstr(journal(&conf, LOG_LEVEL_DEBUG, "", &e), "\nPRIORITY=7\n"));
}

TEST(the_message_is_json_where_the_log_is)
{
	struct log_conf c = { .format = LOG_FORMAT_JSON };
	struct log_event e = { .message = { "full", 4 } };

	assert_memory_equal(journal(&c, LOG_LEVEL_INFO, "", &e), "MESSAGE={\"time\":\"",
			    17);
}

TEST(no_value_begins_another_field)
{
	struct log_field f = { "reason", LOG_TEXT, .value.text = "x\nPRIORITY=0\n\n=\r" };
	struct log_event e = {
		.name = "closed", .message = { "a\nb=c", 5 }, .fields = &f, .nfields = 1
	};

	assert_string_equal(
		journal(&conf, LOG_LEVEL_INFO, "#1 /p\nPRIORITY=0", &e),
		"MESSAGE=#1 /p\\x0APRIORITY=0: closed: a\\x0Ab=c "
		"reason=\"x\\x0APRIORITY=0\\x0A\\x0A=\\x0D\"\n"
		"PRIORITY=6\nSYSLOG_IDENTIFIER=wsbridged\nWSBRIDGE_EVENT=closed\n"
		"WSBRIDGE_CONN=1\nWSBRIDGE_PATH=/p\\x0APRIORITY=0\n"
		"WSBRIDGE_REASON=x\\x0APRIORITY=0\\x0A\\x0A=\\x0D\n");
}

TEST(values_are_cut_and_fields_that_do_not_fit_left_out)
{
	static char longest[20000], names[64][8];
	struct log_field fields[64];
	struct log_event e = { .name = "x", .fields = fields, .nfields = 64 };

	memset(longest, 'a', sizeof(longest) - 1);
	for (size_t i = 0; i < 64; i++) {
		snprintf(names[i], sizeof(names[i]), "f%zu", i);
		fields[i] =
			(struct log_field){ names[i], LOG_TEXT, .value.text = longest };
	}
	journal(&conf, LOG_LEVEL_INFO, "", &e);
	assert_non_null(strstr(entry, "\nWSBRIDGE_F0=aaa"));
	assert_null(strstr(entry, "\nWSBRIDGE_F63="));
	assert_non_null(strstr(entry, "a…\nWSBRIDGE_F1=a"));
}

TEST(syslog_gets_a_line_with_priority_time_and_process)
{
	struct log_event e = { .message = { "a\nb", 3 } };
	char expected[100];

	assert_return_code(setenv("TZ", "UTC", 1), 0);
	tzset();
	snprintf(expected, sizeof(expected),
		 "<27>Nov 22 09:30:00 wsbridged[%d]: error: #1 /p: a\\x0Ab",
		 (int)getpid());
	assert_string_equal(syslog_line(LOG_LEVEL_ERROR, "#1 /p", &e), expected);
	assert_memory_equal(syslog_line(LOG_LEVEL_INFO, "", &e), "<30>", 4);
	assert_memory_equal(syslog_line(LOG_LEVEL_DEBUG, "", &e), "<31>", 4);
}

TEST(without_a_socket_nothing_is_sent)
{
	struct log_conf c = { .sink = LOG_SINK_JOURNAL, .socket = -1 };
	struct log_event e = { .message = { "a", 1 } };

	assert_false(log_send(&c, &when, LOG_LEVEL_INFO, "", &e));
	assert_false(log_send(&conf, &when, LOG_LEVEL_INFO, "", &e));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_has_its_fields),
		cmocka_unit_test(a_message_of_the_daemon_has_no_session),
		cmocka_unit_test(the_message_is_json_where_the_log_is),
		cmocka_unit_test(no_value_begins_another_field),
		cmocka_unit_test(values_are_cut_and_fields_that_do_not_fit_left_out),
		cmocka_unit_test(syslog_gets_a_line_with_priority_time_and_process),
		cmocka_unit_test(without_a_socket_nothing_is_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
