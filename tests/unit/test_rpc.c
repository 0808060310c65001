/* SPDX-License-Identifier: MIT */
/* JSON-RPC: what is a request, and what answers look like. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command.h"
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_an_object_with_version_and_method),
		cmocka_unit_test(without_an_id_it_is_a_notification_and_null_is_an_id),
		cmocka_unit_test(what_is_wrong_has_its_number),
		cmocka_unit_test(an_answer_is_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
