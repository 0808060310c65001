/* SPDX-License-Identifier: MIT */
/* JSON-RPC 2.0, one object a line: a line to a request, a call's end to a line. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "json_memory.h"
#include "rpc.h"

#define COMPACT (JSON_COMPACT | JSON_REAL_PRECISION(9))

/* ---- requests ---- */

__attribute__((format(printf, 3, 4))) static void wrong(struct rpc_request *r, int code,
							const char *fmt, ...)
{
	va_list ap;

	r->code = code;
	va_start(ap, fmt);
	vsnprintf(r->text, sizeof(r->text), fmt, ap);
	va_end(ap);
	if (!r->id)
		r->id = json_null();
}

/* What of the object V makes a request (JSON-RPC 2.0, 4). */
static void take(struct rpc_request *r, const json_t *v)
{
	json_t *id = json_object_get(v, "id");
	json_t *method = json_object_get(v, "method");
	json_t *params = json_object_get(v, "params");
	const char *version = json_string_value(json_object_get(v, "jsonrpc"));

	if (json_is_string(id) || json_is_number(id) || json_is_null(id))
		r->id = json_incref(id);
	if (!version || strcmp(version, "2.0") != 0)
		wrong(r, CALL_REQUEST, "a request needs \"jsonrpc\": \"2.0\"");
	else if (!json_is_string(method))
		wrong(r, CALL_REQUEST, "a request needs \"method\": a command's name");
	else if (id && !r->id)
		wrong(r, CALL_REQUEST, "id is to be a string, a number or null");
	else if (params && !json_is_object(params) && !json_is_array(params))
		wrong(r, CALL_REQUEST, "params are to be an object or an array");
	if (r->code)
		return;
	r->method = json_incref(method);
	r->params = json_incref(params);
}

/* Has it more values than a request may have?  They cost far more time and memory than
 * the bytes of a long text. */
static bool has_many(const char *line, size_t n)
{
	unsigned values = 0;
	bool quoted = false;

	for (size_t i = 0; i < n && values <= RPC_VALUES; i++)
		if (line[i] == '"')
			quoted = !quoted;
		else if (quoted)
			i += line[i] == '\\';
		else
			values += line[i] == ',' || line[i] == '[' || line[i] == '{';
	return values > RPC_VALUES;
}

void rpc_read(const char *line, size_t n, struct rpc_request *ret)
{
	json_error_t e;
	bool many = has_many(line, n);
	json_t *v = NULL;

	json_memory_lacked(); /* for whatever else */
	if (!many)
		v = json_loadb(line, n,
			       JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY,
			       &e);
	*ret = (struct rpc_request){ 0 };
	if (json_memory_lacked())
		wrong(ret, CALL_INTERNAL, "out of memory");
	else if (many)
		wrong(ret, CALL_REQUEST, "a request has at most %d values", RPC_VALUES);
	else if (!v)
		wrong(ret, CALL_PARSE, "not JSON: %.120s at byte %d", e.text, e.position);
	else if (json_is_array(v))
		wrong(ret, CALL_REQUEST,
		      "several requests in an array are not taken; send one a line");
	else if (!json_is_object(v))
		wrong(ret, CALL_REQUEST, "a request is an object");
	else
		take(ret, v);
	json_decref(v);
}

void rpc_request_free(struct rpc_request *r)
{
	json_decref(r->id);
	json_decref(r->method);
	json_decref(r->params);
	*r = (struct rpc_request){ 0 };
}

/* ---- answers ---- */

/* V as text; NULL: out of memory, now or when V was made. */
static char *text_of(const json_t *v)
{
	char *text = v ? json_dumps(v, COMPACT | JSON_ENCODE_ANY) : NULL;

	if (!json_memory_lacked())
		return text;
	free(text);
	return NULL;
}

/* The line of V, which is given away. */
static char *line_of(json_t *v)
{
	char *text = text_of(v);
	size_t n = text ? strlen(text) : 0;
	char *line = text ? realloc(text, n + 2) : NULL;

	json_decref(v);
	if (line)
		memcpy(line + n, "\n", 2);
	else
		free(text);
	return line;
}

char *rpc_result(const json_t *id, const json_t *result)
{
	return line_of(json_pack("{s:s, s:O, s:O}", "jsonrpc", "2.0", "id", id, "result",
				 result));
}

char *rpc_error(const json_t *id, int code, const char *text, const json_t *data)
{
	json_t *error = json_pack("{s:i, s:s}", "code", code, "message", text);

	if (!error) /* TEXT quotes what is no UTF-8 */
		error = json_pack("{s:i, s:s}", "code", code, "message", "error");
	if (error && data)
		json_object_set(error, "data", (json_t *)data);
	return line_of(
		json_pack("{s:s, s:O, s:o}", "jsonrpc", "2.0", "id", id, "error", error));
}

char *rpc_notification(const char *method, const json_t *params)
{
	return line_of(json_pack("{s:s, s:s, s:O}", "jsonrpc", "2.0", "method", method,
				 "params", params));
}

char *rpc_list_begin(const json_t *id)
{
	char *id_text = text_of(id);
	char *text = NULL;

	if (id_text &&
	    asprintf(&text, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":[", id_text) < 0)
		text = NULL;
	free(id_text);
	return text;
}

char *rpc_list_element(const json_t *element, bool first)
{
	char *body = text_of(element);
	char *text = NULL;

	if (first || !body)
		return body;
	if (asprintf(&text, ",%s", body) < 0)
		text = NULL;
	free(body);
	return text;
}
