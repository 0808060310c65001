/* SPDX-License-Identifier: MIT */
/* frame = json: what clients do becomes lines, and lines become orders. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "framing_json.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

/* ---- to the program ---- */

/* The line of OUT, NUL-terminated; it is freed with the next call. */
static const char *text_of(struct buf *out)
{
	static char *text;

	free(text);
	text = strndup(buf_head(out), buf_len(out));
	buf_free(out);
	return text;
}

static const char *message(enum opcode opcode, const char *p, size_t n)
{
	char head[FRAMING_JSON_HEAD], body[FRAMING_JSON_BODY];
	struct span tail = FRAMING_JSON_TAIL;
	struct buf out = { 0 };

	buf_append(&out, head, framing_json_head(17, opcode, head), SIZE_MAX);
	for (size_t at = 0; at < n; at += FRAMING_JSON_PIECE) {
		size_t piece = n - at < FRAMING_JSON_PIECE ? n - at : FRAMING_JSON_PIECE;

		piece = framing_json_body(opcode, p + at, piece, body);
		buf_append(&out, body, piece, SIZE_MAX);
	}
	buf_append(&out, tail.p, tail.n, SIZE_MAX);
	return text_of(&out);
}

#define TEXT(s) message(OP_TEXT, s, sizeof(s) - 1)
#define BINARY(s) message(OP_BINARY, s, sizeof(s) - 1)

TEST(a_text_message_is_a_string)
{
	assert_string_equal(TEXT("hello"),
			    "{\"id\":17,\"event\":\"message\",\"text\":\"hello\"}\n");
	assert_string_equal(TEXT(""),
			    "{\"id\":17,\"event\":\"message\",\"text\":\"\"}\n");
	assert_non_null(strstr(TEXT("gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80"),
			       "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\""));
}

TEST(no_text_ends_its_string_or_its_line)
{
	assert_non_null(strstr(TEXT("\"},{\"id\":18"), ":\"\\\"},{\\\"id\\\":18\"}\n"));
	assert_non_null(strstr(TEXT("a\\"), ":\"a\\\\\"}\n"));
	assert_non_null(strstr(TEXT("\b\f\n\r\t"), ":\"\\b\\f\\n\\r\\t\"}\n"));
	assert_non_null(
		strstr(TEXT("\0\1\x1f\x7f"), ":\"\\u0000\\u0001\\u001f\x7f\"}\n"));
}

TEST(a_binary_message_is_base64)
{
	assert_string_equal(BINARY("\0\xff"),
			    "{\"id\":17,\"event\":\"message\",\"base64\":\"AP8=\"}\n");
	assert_string_equal(BINARY(""),
			    "{\"id\":17,\"event\":\"message\",\"base64\":\"\"}\n");
}

/* What jansson takes LINE's member NAME for: its bytes are those of P. */
static void check_member(const char *line, const char *name, const char *p, size_t n)
{
	json_t *v = json_loads(line, JSON_ALLOW_NUL, NULL);
	json_t *member = json_object_get(v, name);

	assert_non_null(v);
	assert_int_equal(json_integer_value(json_object_get(v, "id")), 17);
	assert_int_equal(json_string_length(member), n);
	assert_memory_equal(json_string_value(member), p, n);
	json_decref(v);
}

TEST(a_message_of_many_pieces_is_one_string)
{
	static char long_one[3 * FRAMING_JSON_PIECE + 100];

	for (size_t i = 0; i < sizeof(long_one); i++)
		long_one[i] = (char)(i % 128);
	for (size_t n = 0; n < sizeof(long_one); n += 97)
		check_member(message(OP_TEXT, long_one, n), "text", long_one, n);
}

TEST(base64_of_many_pieces_is_padded_once)
{
	static const char zeros[2 * FRAMING_JSON_PIECE + 2];
	const char *line = BINARY(zeros);

	assert_ptr_equal(strchr(line, '=') + 2, strstr(line, "\"}\n"));
}

static const char *opened(const char *path, const char *query, const char *user)
{
	const struct span fields[JSON_FIELDS] = {
		[JSON_PATH] = { path, strlen(path) },
		[JSON_QUERY] = { query, strlen(query) },
		[JSON_REMOTE] = SPAN("192.0.2.7:4711"),
		[JSON_USER] = { user, user ? strlen(user) : 0 },
	};
	struct buf out = { 0 };

	assert_int_equal(framing_json_open(&out, UINT64_MAX, fields), 0);
	return text_of(&out);
}

TEST(who_comes_is_told_with_everything_that_is_known)
{
	assert_string_equal(opened("/x", "a=1&b=%22", "eva"),
			    "{\"id\":18446744073709551615,\"event\":\"open\","
			    "\"path\":\"/x\",\"query\":\"a=1&b=%22\","
			    "\"remote\":\"192.0.2.7:4711\",\"user\":\"eva\","
			    "\"subprotocol\":null}\n");
	assert_non_null(strstr(opened("/x", "", NULL), "\"query\":\"\""));
	assert_non_null(strstr(opened("/x", "", NULL), "\"user\":null"));
}

TEST(whatever_bytes_a_path_has_its_line_is_json)
{
	char path[1000];

	assert_non_null(strstr(opened("/\xff\"\n", "", ""), "\"/\xef\xbf\xbd\\\"\\n\""));
	for (size_t shift = 0; shift < 4; shift++) { /* a character across any cut */
		memset(path, 'x', sizeof(path));
		for (size_t i = shift; i + 3 < sizeof(path) - 1; i += 3)
			memcpy(path + i, "\xe2\x82\xac", 3);
		path[sizeof(path) - 1] = 0;
		assert_non_null(strstr(opened(path, "", ""), path));
	}
}

TEST(who_leaves_is_told_with_code_and_reason)
{
	struct buf out = { 0 };

	assert_int_equal(framing_json_eof(&out, 17), 0);
	assert_string_equal(text_of(&out), "{\"id\":17,\"event\":\"eof\"}\n");
	assert_int_equal(framing_json_close(&out, 17, 1001, "bye \"you\""), 0);
	assert_string_equal(text_of(&out), "{\"id\":17,\"event\":\"close\",\"code\":1001,"
					   "\"reason\":\"bye \\\"you\\\"\"}\n");
}

/* ---- to a client ---- */

static const char *complaint(const char *p, size_t n)
{
	struct buf out = { 0 };

	assert_int_equal(framing_json_stderr(&out, (struct span){ p, n }), 0);
	return text_of(&out);
}

TEST(a_line_of_standard_error_is_an_object_whatever_its_bytes)
{
	assert_string_equal(complaint("no \"x\"", 6),
			    "{\"event\":\"stderr\",\"text\":\"no \\\"x\\\"\"}");
	assert_string_equal(complaint("a\xff\0", 3),
			    "{\"event\":\"stderr\",\"text\":\"a\xef\xbf\xbd\\u0000\"}");
	assert_int_equal(strlen(complaint("", 0)), FRAMING_JSON_STDERR);
}

/* ---- lines ---- */

/* The lines of TEXT, read STEP bytes at a time, of at most MOST bytes: "<a><b>"; one that
 * is too long in []. */
static const char *cut(const char *text, size_t n, size_t step, size_t most)
{
	static char out[1000];
	struct framing_json_lines l = { .most = most };
	enum framing_json_cut r;
	struct span line;

	*out = 0;
	for (size_t at = 0;; at += step) {
		size_t left = n > at ? n - at : 0;
		struct span in = { text + at, left < step ? left : step };

		while ((r = framing_json_cut(&l, &in, left == 0, &line)) != JSON_MORE)
			sprintf(out + strlen(out), r == JSON_LINE ? "<%.*s>" : "[%.*s]",
				(int)line.n, line.n ? line.p : "");
		if (left == 0)
			break;
	}
	assert_int_equal(buf_len(&l.held), 0);
	framing_json_lines_free(&l);
	return out;
}

static void check_cut(const char *text, size_t most, const char *lines)
{
	for (size_t step = 1; step <= strlen(text) + 1; step++)
		if (strcmp(cut(text, strlen(text), step, most), lines) != 0)
			fail_msg("%s by %zu: %s, not %s", text, step,
				 cut(text, strlen(text), step, most), lines);
}

TEST(lines_are_cut_whatever_the_reads)
{
	check_cut("", 9, "");
	check_cut("\n", 9, "<>");
	check_cut("ab\n\ncd\n", 9, "<ab><><cd>");
}

TEST(a_last_line_needs_no_lf)
{
	check_cut("ab\ncd", 9, "<ab><cd>");
}

TEST(a_line_may_have_the_most_bytes)
{
	check_cut("abcd\nabcd\n", 4, "<abcd><abcd>");
}

TEST(a_longer_line_is_skipped_and_the_next_one_is_read)
{
	assert_string_equal(cut("abcde\nx\n", 8, 8, 4), "[abcde\nx\n]<x>");
	assert_string_equal(cut("abcde\nx\n", 8, 1, 4), "[abcd]<x>");
	assert_string_equal(cut("abcdefghij", 10, 3, 4), "[abc]");
	assert_string_equal(cut("x\nabcdefghij\ny", 14, 4, 4), "<x>[ab]<y>");
}

/* ---- orders ---- */

/* LINE as an order in words; or what is wrong with it. */
static const char *order_of(const char *line, size_t n)
{
	static char out[1000];
	struct framing_json_order o;
	const char *wrong;
	char *to = out;
	uint64_t id;

	wrong = framing_json_read((struct span){ line, n }, 8, &o);
	to += sprintf(to, "%s", wrong ? wrong : o.to_all ? "all" : "");
	while (!wrong && framing_json_next_id(&o.to, &id))
		to += sprintf(to, "%llu ", (unsigned long long)id);
	while (!wrong && framing_json_next_id(&o.except, &id))
		to += sprintf(to, "-%llu ", (unsigned long long)id);
	if (!wrong && o.opcode != OP_CONTINUATION) {
		to += sprintf(to, o.opcode == OP_TEXT ? "t<" : "b<");
		memcpy(to, o.message.p, o.message.n); /* a NUL may be in it */
		to += o.message.n;
		to += sprintf(to, ">");
	}
	if (!wrong && o.close)
		sprintf(to, " close %u %s", o.close, o.reason);
	framing_json_order_free(&o);
	return out;
}

struct row {
	const char *line, *order;
};

static void check_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(order_of(rows[i].line, strlen(rows[i].line)), rows[i].order) !=
		    0)
			fail_msg("%s: %s, not %s", rows[i].line,
				 order_of(rows[i].line, strlen(rows[i].line)),
				 rows[i].order);
}

#define CHECK(rows) check_rows(rows, sizeof(rows) / sizeof(*(rows)))

TEST(an_order_is_for_one_for_several_or_for_all)
{
	static const struct row rows[] = {
		{ "{\"to\":17,\"text\":\"hi\"}", "17 t<hi>" },
		{ "{\"to\":[17,18],\"text\":\"hi\"}", "17 18 t<hi>" },
		{ "{\"to\":[],\"text\":\"hi\"}", "t<hi>" },
		{ "{\"to\":[ ],\"text\":\"hi\"}", "t<hi>" },
		{ "{\"to\":0,\"text\":\"hi\"}", "0 t<hi>" },
		{ "{\"to\":18446744073709551615,\"text\":\"\"}",
		  "18446744073709551615 t<>" },
		{ "{\"to\":\"all\",\"text\":\"hi\"}", "allt<hi>" },
		{ "{\"to\":\"all\",\"except\":17,\"text\":\"hi\"}", "all-17 t<hi>" },
		{ "{\"to\":\"all\",\"except\":[17, 18 ],\"text\":\"hi\"}",
		  "all-17 -18 t<hi>" },
		{ "{\"to\":\"all\",\"except\":null,\"text\":\"hi\"}", "allt<hi>" },
	};

	CHECK(rows);
}

TEST(blanks_and_the_order_of_members_do_not_matter)
{
	static const struct row rows[] = {
		{ " { \"text\" : \"hi\" ,\t\"to\" : [ 1 , 2 ] } \r", "1 2 t<hi>" },
		{ "", "" },
		{ " \t\r", "" },
	};

	CHECK(rows);
}

TEST(a_message_is_text_or_base64)
{
	static const struct row rows[] = {
		{ "{\"to\":1,\"base64\":\"aGk=\"}", "1 b<hi>" },
		{ "{\"to\":1,\"base64\":\"\"}", "1 b<>" },
		{ "{\"to\":1,\"base64\":\"YWI\\/\"}", "1 b<ab?>" },
		{ "{\"to\":1,\"text\":null,\"base64\":\"aGk=\"}", "1 b<hi>" },
		{ "{\"to\":1,\"text\":\"a\",\"base64\":\"aGk=\"}",
		  "text and base64 in one line" },
		{ "{\"to\":1,\"base64\":\"aGk=\",\"text\":\"\\n\"}",
		  "text and base64 in one line" },
		{ "{\"to\":1,\"base64\":\"aGk\"}", "base64 that is not (RFC 4648 4)" },
		{ "{\"to\":1,\"base64\":\"a\\nk=\"}", "base64 that is not (RFC 4648 4)" },
		{ "{\"to\":1,\"base64\":1}", "base64 is a string" },
		{ "{\"to\":1,\"text\":1}", "text is a string" },
	};

	CHECK(rows);
}

TEST(escapes_are_what_they_stand_for)
{
	static const char nul[] = "{\"to\":1,\"text\":\"\\u0000\"}";
	static const struct row rows[] = {
		{ "{\"to\":1,\"text\":\"\\\"\\\\\\/\"}", "1 t<\"\\/>" },
		{ "{\"to\":1,\"text\":\"\\b\\f\\n\\r\\t\"}", "1 t<\b\f\n\r\t>" },
		{ "{\"to\":1,\"text\":\"\\u0041\\u00e9\\u20AC\"}",
		  "1 t<A\xc3\xa9\xe2\x82\xac>" },
		{ "{\"to\":1,\"text\":\"\\ud83d\\ude00!\"}", "1 t<\xf0\x9f\x98\x80!>" },
		{ "{\"to\":1,\"text\":\"\\udbff\\udfff\"}", "1 t<\xf4\x8f\xbf\xbf>" },
	};

	CHECK(rows);
	assert_memory_equal(order_of(nul, strlen(nul)), "1 t<\0>", 6);
}

TEST(half_a_pair_of_surrogates_is_no_character)
{
	static const struct row rows[] = {
		{ "{\"to\":1,\"text\":\"\\ud83d\"}", "1 t<\xef\xbf\xbd>" },
		{ "{\"to\":1,\"text\":\"\\ud83dx\"}", "1 t<\xef\xbf\xbdx>" },
		{ "{\"to\":1,\"text\":\"\\ude00\"}", "1 t<\xef\xbf\xbd>" },
		{ "{\"to\":1,\"text\":\"\\ud83d\\u0041\"}", "1 t<\xef\xbf\xbd\x41>" },
		{ "{\"to\":1,\"text\":\"\\ud83d\\ud83d\"}",
		  "1 t<\xef\xbf\xbd\xef\xbf\xbd>" },
	};

	CHECK(rows);
}

TEST(a_client_is_closed_with_a_code_that_may_be_sent)
{
	static const struct row rows[] = {
		{ "{\"to\":1,\"close\":1000}", "1  close 1000 " },
		{ "{\"to\":\"all\",\"close\":4001,\"reason\":\"bye\"}",
		  "all close 4001 bye" },
		{ "{\"to\":1,\"text\":\"x\",\"close\":4999}", "1 t<x> close 4999 " },
		{ "{\"to\":1,\"close\":4000,\"reason\":null}", "1  close 4000 " },
		{ "{\"to\":1,\"close\":1005}",
		  "close is a code that may stand in a close frame" },
		{ "{\"to\":1,\"close\":5000}",
		  "close is a code that may stand in a close frame" },
		{ "{\"to\":1,\"close\":true}",
		  "close is a code that may stand in a close frame" },
		{ "{\"to\":1,\"close\":null,\"text\":\"x\"}", "1 t<x>" },
		{ "{\"to\":1,\"reason\":\"x\",\"text\":\"x\"}",
		  "a reason without close" },
		{ "{\"to\":1,\"close\":1000,\"reason\":\"a\\u0000b\"}",
		  "a NUL in the reason" },
		{ "{\"to\":1,\"close\":1000,\"reason\":1}", "reason is a string" },
	};

	CHECK(rows);
}

TEST(a_long_reason_is_cut_at_a_character)
{
	char line[400] = "{\"to\":1,\"close\":1000,\"reason\":\"";
	struct framing_json_order o;

	for (int i = 0; i < 70; i++)
		strcat(line, i % 2 ? "\xc3\xa9" : "\\u00e9");
	strcat(line, "\"}");
	assert_null(framing_json_read((struct span){ line, strlen(line) }, 8, &o));
	assert_int_equal(strlen(o.reason), 122);
	framing_json_order_free(&o);
}

TEST(what_is_no_order_is_told)
{
	static const struct row rows[] = {
		{ "hello", "no JSON object" },
		{ "[1]", "no JSON object" },
		{ "{}", "nobody that it is for (to)" },
		{ "{\"to\":1}", "neither text nor base64 nor close" },
		{ "{\"to\":1,\"text\":null}", "neither text nor base64 nor close" },
		{ "{\"text\":\"x\"}", "nobody that it is for (to)" },
		{ "{\"to\":null,\"text\":\"x\"}",
		  "to is an id, a list of ids or \"all\"" },
		{ "{\"to\":\"17\",\"text\":\"x\"}",
		  "to is an id, a list of ids or \"all\"" },
		{ "{\"to\":-1,\"text\":\"x\"}", "to is an id, a list of ids or \"all\"" },
		{ "{\"to\":01,\"text\":\"x\"}", "to is an id, a list of ids or \"all\"" },
		{ "{\"to\":1.5,\"text\":\"x\"}", "no comma or } behind a value" },
		{ "{\"to\":18446744073709551616,\"text\":\"x\"}",
		  "to is an id, a list of ids or \"all\"" },
		{ "{\"to\":[1,],\"text\":\"x\"}",
		  "to is an id, a list of ids or \"all\"" },
		{ "{\"to\":[1 2],\"text\":\"x\"}",
		  "to is an id, a list of ids or \"all\"" },
		{ "{\"to\":[[1]],\"text\":\"x\"}",
		  "to is an id, a list of ids or \"all\"" },
		{ "{\"to\":", "to is an id, a list of ids or \"all\"" },
		{ "{\"to\":\"all\",\"except\":\"all\",\"text\":\"x\"}",
		  "except is an id or a list of ids" },
		{ "{\"to\":1,\"to\":1,\"text\":\"x\"}", "a member twice" },
		{ "{\"to\":1,\"txt\":\"x\"}",
		  "a member that is none of to, except, text, base64, close, reason" },
		{ "{\"to\":1,}", "a member without its name" },
		{ "{\"to\" 1}", "a member without its value" },
		{ "{\"to\":1,\"text\":\"x\"", "no comma or } behind a value" },
		{ "{\"to\":1,\"text\":\"x\"} {", "something behind the object" },
		{ "{\"to\":1,\"text\":\"x", "a string without its end" },
		{ "{\"to\":1,\"text\":\"x\\", "an escape that JSON does not have" },
		{ "{\"to\":1,\"text\":\"\\x41\"}", "an escape that JSON does not have" },
		{ "{\"to\":1,\"text\":\"\\u00g0\"}",
		  "an escape that JSON does not have" },
		{ "{\"to\":1,\"text\":\"\t\"}", "a control character in a string" },
		{ "{\"to\":1,\"text\":\"\xff\"}", "no UTF-8" },
		{ "{\"to\":1,\"text\":\"\xc3", "no UTF-8" },
	};

	CHECK(rows);
}

TEST(a_message_over_max_message_is_none)
{
	static const struct row rows[] = {
		{ "{\"to\":1,\"text\":\"12345678\"}", "1 t<12345678>" },
		{ "{\"to\":1,\"text\":\"123456789\"}", "a message over max_message" },
		{ "{\"to\":1,\"text\":\"\\u00312345678\"}", "1 t<12345678>" },
		{ "{\"to\":1,\"base64\":\"MTIzNDU2Nzg=\"}", "1 b<12345678>" },
		{ "{\"to\":1,\"base64\":\"MTIzNDU2Nzg5\"}",
		  "a message over max_message" },
	};

	CHECK(rows);
}

TEST(whatever_a_client_writes_can_be_sent_back)
{
	char line[200], text[129];

	for (int i = 0; i < 128; i += 8) {
		for (int at = 0; at < 8; at++)
			text[at] = (char)(i + at);
		snprintf(line, sizeof(line), "{\"to\":17,%s",
			 strstr(message(OP_TEXT, text, 8), "\"text\""));
		*strchr(line, '\n') = 0;
		assert_memory_equal(order_of(line, strlen(line)), "17 t<", 5);
		assert_memory_equal(order_of(line, strlen(line)) + 5, text, 8);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_message_is_a_string),
		cmocka_unit_test(no_text_ends_its_string_or_its_line),
		cmocka_unit_test(a_binary_message_is_base64),
		cmocka_unit_test(a_message_of_many_pieces_is_one_string),
		cmocka_unit_test(base64_of_many_pieces_is_padded_once),
		cmocka_unit_test(who_comes_is_told_with_everything_that_is_known),
		cmocka_unit_test(whatever_bytes_a_path_has_its_line_is_json),
		cmocka_unit_test(who_leaves_is_told_with_code_and_reason),
		cmocka_unit_test(
			a_line_of_standard_error_is_an_object_whatever_its_bytes),
		cmocka_unit_test(lines_are_cut_whatever_the_reads),
		cmocka_unit_test(a_last_line_needs_no_lf),
		cmocka_unit_test(a_line_may_have_the_most_bytes),
		cmocka_unit_test(a_longer_line_is_skipped_and_the_next_one_is_read),
		cmocka_unit_test(an_order_is_for_one_for_several_or_for_all),
		cmocka_unit_test(blanks_and_the_order_of_members_do_not_matter),
		cmocka_unit_test(a_message_is_text_or_base64),
		cmocka_unit_test(escapes_are_what_they_stand_for),
		cmocka_unit_test(half_a_pair_of_surrogates_is_no_character),
		cmocka_unit_test(a_client_is_closed_with_a_code_that_may_be_sent),
		cmocka_unit_test(a_long_reason_is_cut_at_a_character),
		cmocka_unit_test(what_is_no_order_is_told),
		cmocka_unit_test(a_message_over_max_message_is_none),
		cmocka_unit_test(whatever_a_client_writes_can_be_sent_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
