/* SPDX-License-Identifier: MIT */
/* How an event looks as text and as JSON, and that no bytes in it can forge another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "log_impl.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

#define NFIELDS(fields) (sizeof(fields) / sizeof(*(fields)))
#define JSON_HEAD "{\"time\":\"2026-11-22T09:30:00.120Z\",\"level\":\"info\""

static char line[LOG_LINE_MAX + 1];

/* The line, without its newline. */
static const char *line_of(const struct log_conf *conf, enum log_level level,
			   const char *who, const struct log_event *e)
{
	struct timespec when = { 1795339800, 120999999 };
	size_t n;

	memset(line, '#', sizeof(line));
	n = log_line(line, conf, &when, level, who, e);
	assert_true(n > 0 && n <= LOG_LINE_MAX);
	assert_int_equal(line[n - 1], '\n');
	assert_int_equal(line[LOG_LINE_MAX], '#'); /* not written past */
	line[n - 1] = '\0';
	assert_null(strchr(line, '\n'));
	return line;
}

static const char *text(const char *who, const struct log_event *e)
{
	return line_of(&(struct log_conf){ .format = LOG_FORMAT_TEXT }, LOG_LEVEL_INFO,
		       who, e);
}

TEST(a_line_may_begin_with_the_local_time)
{
	struct log_conf conf = { .time = true };
	struct log_event e = { .message = { "full", 4 } };

	assert_return_code(setenv("TZ", "<+0530>-5:30", 1), 0);
	tzset();
	assert_string_equal(line_of(&conf, LOG_LEVEL_ERROR, "", &e),
			    "2026-11-22T15:00:00.120+05:30 error: full");
	assert_return_code(setenv("TZ", "UTC", 1), 0);
	tzset();
	assert_string_equal(line_of(&conf, LOG_LEVEL_INFO, "", &e),
			    "2026-11-22T09:30:00.120+00:00 full");
	conf.journal_prefix = true;
	assert_string_equal(line_of(&conf, LOG_LEVEL_INFO, "", &e), "<6>full");
}

static const char *json(const char *who, const struct log_event *e)
{
	return line_of(&(struct log_conf){ .format = LOG_FORMAT_JSON }, LOG_LEVEL_INFO,
		       who, e);
}

static const char *json_word(const char *word)
{
	struct log_field f = { "f", LOG_TEXT, .value.text = word };
	struct log_event e = { .fields = &f, .nfields = 1 };

	return json("", &e) + strlen(JSON_HEAD ",\"f\":");
}

static const char *text_word(const char *word)
{
	struct log_field f = { "f", LOG_WORD, .value.text = word };
	struct log_event e = { .fields = &f, .nfields = 1 };

	return text("", &e) + strlen(" f=");
}

TEST(every_type_of_field_has_its_two_forms)
{
	static const struct log_field fields[] = {
		{ "word", LOG_WORD, .value.text = "server" },
		{ "none", LOG_WORD, .value.text = NULL },
		{ "text", LOG_TEXT, .value.text = "good bye" },
		{ "empty", LOG_TEXT, .value.text = NULL },
		{ "number", LOG_NUMBER, .value.number = 1000 },
		{ "seconds", LOG_SECONDS, .value.seconds = 1.25 },
		{ "rtt", LOG_LATENCY, .value.seconds = 0.0012 },
		{ "unknown", LOG_LATENCY, .value.seconds = -1 },
		{ "in", LOG_TRAFFIC, .value.traffic = { 2, 8 } },
	};
	struct log_event e = { .name = "closed",
			       .fields = fields,
			       .nfields = NFIELDS(fields) };

	assert_string_equal(
		text("#17 /clock", &e),
		"#17 /clock: closed word=server none=- text=\"good bye\" "
		"empty=\"\" number=1000 seconds=1.250 rtt=1.2ms unknown=- in=2/8");
	assert_string_equal(
		json("#17 /clock", &e), JSON_HEAD
		",\"id\":17,\"path\":\"/clock\",\"event\":\"closed\","
		"\"word\":\"server\",\"none\":null,\"text\":\"good bye\","
		"\"empty\":null,\"number\":1000,\"seconds\":1.250,\"rtt\":0.001200,"
		"\"unknown\":null,\"in\":{\"messages\":2,\"bytes\":8}}");
}

TEST(free_text_is_a_message)
{
	struct log_event e = { .message = SPAN("hello") };

	assert_string_equal(text("", &e), "hello");
	assert_string_equal(text("#3 ", &e), "#3: hello");
	assert_string_equal(json("", &e), JSON_HEAD ",\"message\":\"hello\"}");
	assert_string_equal(json("#3 ", &e),
			    JSON_HEAD ",\"id\":3,\"message\":\"hello\"}");
	e.name = "stderr";
	assert_string_equal(text("#3 /a", &e), "#3 /a: stderr: hello");
	assert_string_equal(json("#3 /a", &e),
			    JSON_HEAD ",\"id\":3,\"path\":\"/a\",\"event\":\"stderr\","
				      "\"message\":\"hello\"}");
}

TEST(only_the_words_of_levels_are_coloured_and_only_in_text)
{
	struct log_conf conf = { .colour = true };
	struct log_event e = { .message = SPAN("x") };

	assert_string_equal(line_of(&conf, LOG_LEVEL_ERROR, "#1", &e),
			    "\033[1;31merror:\033[0m #1: x");
	assert_string_equal(line_of(&conf, LOG_LEVEL_WARNING, "", &e),
			    "\033[33mwarning:\033[0m x");
	assert_string_equal(line_of(&conf, LOG_LEVEL_INFO, "", &e), "x");
	conf.journal_prefix = true;
	assert_string_equal(line_of(&conf, LOG_LEVEL_ERROR, "", &e), "<3>x");
	conf = (struct log_conf){ .colour = true, .format = LOG_FORMAT_JSON };
	assert_null(strchr(line_of(&conf, LOG_LEVEL_ERROR, "", &e), '\033'));
}

TEST(the_journal_takes_its_prefix_before_json_too)
{
	struct log_conf conf = { .journal_prefix = true, .format = LOG_FORMAT_JSON };
	struct log_event e = { .message = SPAN("x") };

	assert_memory_equal(line_of(&conf, LOG_LEVEL_WARNING, "", &e), "<4>{\"time\"",
			    10);
}

TEST(a_path_cannot_pretend_to_be_the_text_behind_it)
{
	struct log_event e = { .name = "refused" };

	assert_string_equal(text("#1 /a: closed code=1000", &e),
			    "#1 /a:\\x20closed\\x20code=1000: refused");
	assert_string_equal(json("#1 /a\",\"id\":2,\"", &e),
			    JSON_HEAD ",\"id\":1,\"path\":\"/a\\\",\\\"id\\\":2,\\\"\","
				      "\"event\":\"refused\"}");
}

TEST(a_value_cannot_pretend_to_be_the_next_field)
{
	assert_string_equal(text_word("plain"), "plain");
	assert_string_equal(text_word("a b"), "\"a b\"");
	assert_string_equal(text_word("a\" code=1"), "\"a\\\" code=1\"");
	assert_string_equal(text_word("a=1"), "\"a=1\"");
	assert_string_equal(text_word("a\\"), "\"a\\\\\"");
	assert_string_equal(text_word(""), "\"\"");
	assert_string_equal(text_word("é\n"), "\"é\\x0A\"");
}

TEST(json_escapes_what_is_not_printable_and_stays_utf8)
{
	assert_string_equal(json_word("a\"\\"), "\"a\\\"\\\\\"}");
	assert_string_equal(json_word("\n\x1F\x7F"), "\"\\u000A\\u001F\\u007F\"}");
	assert_string_equal(json_word("é€😀"), "\"é€😀\"}");
	assert_string_equal(json_word("\xC2\x9B\xE2\x80\xAE"), "\"\\u009B\\u202E\"}");
	assert_string_equal(json_word("\xFF\xC3"), "\"\\\\xFF\\\\xC3\"}");
	assert_string_equal(json_word("\xED\xA0\x80"), "\"\\\\xED\\\\xA0\\\\x80\"}");
}

/* Is the line one object, all of whose strings are closed? */
static bool is_closed(const char *p)
{
	bool inside = false;
	int depth = 0;

	for (; *p; p++) {
		if (inside && *p == '\\')
			p++;
		else if (*p == '"')
			inside = !inside;
		else if (!inside)
			depth += (*p == '{') - (*p == '}');
	}
	return depth == 0 && !inside && p[-1] == '}';
}

TEST(json_is_cut_inside_its_strings_and_stays_an_object)
{
	static char bytes[2 * LOG_LINE_MAX];
	static const char *const fills[] = { "x", "\"", "\x01", "\xFF", "€" };
	struct log_field fields[] = { { "a", LOG_TEXT, .value.text = bytes },
				      { "n", LOG_NUMBER, .value.number = 7 },
				      { "b", LOG_TEXT, .value.text = bytes } };
	struct log_event e = {
		.name = "e", .fields = fields, .nfields = 3, .message = SPAN("the end")
	};

	for (size_t i = 0; i < NFIELDS(fills); i++) {
		for (size_t n = 100; n < sizeof(bytes) - 4; n += 97) {
			size_t at = 0;

			for (; at < n; at += strlen(fills[i]))
				memcpy(bytes + at, fills[i], strlen(fills[i]));
			bytes[at] = '\0';
			assert_true(is_closed(json("#1 /a", &e)));
			assert_non_null(strstr(line, ",\"n\":7,\"b\":\""));
			assert_non_null(strstr(line, "\"message\":\"the end\"}"));
			if (strstr(line, "…"))
				assert_true(strlen(line) > LOG_LINE_MAX / 2);
		}
	}
}

TEST(a_json_line_is_used_to_its_end_before_it_is_cut)
{
	static char bytes[LOG_LINE_MAX];
	struct log_event e = { .message = { bytes, 0 } };
	size_t room = LOG_LINE_MAX - 1 - strlen(JSON_HEAD ",\"message\":\"\"}");

	memset(bytes, 'x', sizeof(bytes));
	e.message.n = room;
	assert_int_equal(strlen(json("", &e)), LOG_LINE_MAX - 1);
	assert_null(strstr(line, "…"));
	e.message.n = room + 1;
	assert_true(is_closed(json("", &e)));
	assert_non_null(strstr(line, "x…\"}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_may_begin_with_the_local_time),
		cmocka_unit_test(every_type_of_field_has_its_two_forms),
		cmocka_unit_test(free_text_is_a_message),
		cmocka_unit_test(only_the_words_of_levels_are_coloured_and_only_in_text),
		cmocka_unit_test(the_journal_takes_its_prefix_before_json_too),
		cmocka_unit_test(a_path_cannot_pretend_to_be_the_text_behind_it),
		cmocka_unit_test(a_value_cannot_pretend_to_be_the_next_field),
		cmocka_unit_test(json_escapes_what_is_not_printable_and_stays_utf8),
		cmocka_unit_test(json_is_cut_inside_its_strings_and_stays_an_object),
		cmocka_unit_test(a_json_line_is_used_to_its_end_before_it_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
