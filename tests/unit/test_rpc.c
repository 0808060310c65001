/* SPDX-License-Identifier: MIT */
/* JSON-RPC: what is a request, and what answers look like. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command.h"
#include "json_memory.h"
#include "rpc.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static int code_of(const char *line)
{
	struct rpc_request r;
	int code;

	rpc_read(line, strlen(line), &r);
	code = r.code;
	assert_true(code == 0 || (r.id && *r.text && !r.method));
	rpc_request_free(&r);
	return code;
}

TEST(a_request_is_an_object_with_version_and_method)
{
	struct rpc_request r;
	const char *line =
		"{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"m\",\"params\":[1]}\n";

	rpc_read(line, strlen(line), &r);
	assert_int_equal(r.code, 0);
	assert_string_equal(json_string_value(r.id), "x");
	assert_string_equal(json_string_value(r.method), "m");
	assert_int_equal(json_array_size(r.params), 1);
	rpc_request_free(&r);
}

TEST(without_an_id_it_is_a_notification_and_null_is_an_id)
{
	struct rpc_request r;
	const char *without = "{\"jsonrpc\":\"2.0\",\"method\":\"m\"}";
	const char *null = "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":null}";

	rpc_read(without, strlen(without), &r);
	assert_true(r.code == 0 && !r.id);
	rpc_request_free(&r);
	rpc_read(null, strlen(null), &r);
	assert_true(r.code == 0 && json_is_null(r.id));
	rpc_request_free(&r);
}

TEST(what_is_wrong_has_its_number)
{
	assert_int_equal(code_of(""), CALL_PARSE);
	assert_int_equal(code_of("{"), CALL_PARSE);
	assert_int_equal(code_of("{} {}"), CALL_PARSE);
	assert_int_equal(code_of("{\"a\":1,\"a\":2}"), CALL_PARSE);
	assert_int_equal(code_of("{\"a\":\"\xff\"}"), CALL_PARSE);
	assert_int_equal(code_of("{}"), CALL_REQUEST);
	assert_int_equal(code_of("[]"), CALL_REQUEST);
	assert_int_equal(code_of("{\"jsonrpc\":\"1.0\",\"method\":\"m\"}"), CALL_REQUEST);
	assert_int_equal(code_of("{\"jsonrpc\":\"2.0\",\"method\":7}"), CALL_REQUEST);
	assert_int_equal(code_of("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":[]}"),
			 CALL_REQUEST);
	assert_int_equal(code_of("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":1}"),
			 CALL_REQUEST);
}

static void is(char *got, const char *wanted)
{
	assert_string_equal(got, wanted);
	free(got);
}

TEST(an_answer_is_one_line)
{
	json_t *id = json_integer(7), *v = json_pack("{s:s}", "a", "x\ny");
	json_t *bytes = json_string("é");

	is(rpc_result(id, v),
	   "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"a\":\"x\\ny\"}}\n");
	is(rpc_error(id, -1, "no", NULL),
	   "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-1,\"message\":\"no\"}}\n");
	is(rpc_error(id, -1, "\xff", v),
	   "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-1,\"message\":\"error\","
	   "\"data\":{\"a\":\"x\\ny\"}}}\n");
	is(rpc_notification("n", v),
	   "{\"jsonrpc\":\"2.0\",\"method\":\"n\",\"params\":{\"a\":\"x\\ny\"}}\n");
	is(rpc_list_begin(id), "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":[");
	is(rpc_list_element(bytes, true), "\"é\"");
	is(rpc_list_element(bytes, false), ",\"é\"");
	json_decref(id);
	json_decref(v);
	json_decref(bytes);
}

static unsigned calls, failing; /* of them; 0: none */

static void *failing_malloc(size_t n)
{
	return ++calls == failing ? NULL : malloc(n);
}

/* As a command makes one: nobody looks whether each member is there. */
static char *long_answer(const json_t *id)
{
	json_t *v = json_object(), *list = json_array();
	char name[16], *line;

	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "name%d", i);
		json_object_set_new(v, name, json_string("a text of some length"));
		json_array_append_new(list, json_real(i));
	}
	json_object_set_new(v, "list", list);
	line = v ? rpc_result(id, v) : NULL;
	json_decref(v);
	return line;
}

TEST(an_answer_is_whole_or_none_when_memory_fails)
{
	json_t *id = json_integer(7);
	char *whole, *got;

	json_memory_watch(failing_malloc);
	whole = long_answer(id);
	for (unsigned all = calls, n = 1; n <= all; n++) {
		json_memory_lacked();
		calls = 0;
		failing = n;
		got = long_answer(id);
		assert_null(got);
	}
	failing = 0;
	is(long_answer(id), whole);
	free(whole);
	json_decref(id);
}

TEST(a_request_that_cannot_be_read_for_want_of_memory_is_not_said_to_be_wrong)
{
	json_memory_watch(failing_malloc);
	for (unsigned n = 1; n < 20; n++) {
		int code;

		calls = 0;
		failing = n;
		code = code_of("{\"jsonrpc\":\"2.0\",\"method\":\"m\"}");
		assert_int_equal(code, calls >= n ? CALL_INTERNAL : 0);
	}
	failing = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_an_object_with_version_and_method),
		cmocka_unit_test(without_an_id_it_is_a_notification_and_null_is_an_id),
		cmocka_unit_test(what_is_wrong_has_its_number),
		cmocka_unit_test(an_answer_is_one_line),
		cmocka_unit_test(an_answer_is_whole_or_none_when_memory_fails),
		cmocka_unit_test(
			a_request_that_cannot_be_read_for_want_of_memory_is_not_said_to_be_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
