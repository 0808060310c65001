/* SPDX-License-Identifier: MIT */
/* Fuzzes rpc.c: whatever line comes, there is a request or an error, and each answers as
 * one line of JSON. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rpc.h"

#define MUST(holds) ((holds) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* TEXT is one line, and JSON. */
static void check_line(char *text)
{
	size_t n = text ? strlen(text) : 0;
	json_t *v;

	MUST(n > 0 && strchr(text, '\n') == text + n - 1);
	v = json_loads(text, JSON_ALLOW_NUL, NULL);
	MUST(v);
	json_decref(v);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = malloc(size + 1);
	struct rpc_request r;

	MUST(line);
	memcpy(line, data, size);
	rpc_read(line, size, &r);
	free(line);
	if (r.code) {
		MUST(r.id && *r.text && memchr(r.text, 0, sizeof(r.text)) && !r.method);
		check_line(rpc_error(r.id, r.code, r.text, NULL));
	} else {
		MUST(json_is_string(r.method));
		MUST(!r.params || json_is_object(r.params) || json_is_array(r.params));
		if (r.id)
			check_line(rpc_result(r.id, r.params ? r.params : r.method));
		check_line(rpc_notification("n", r.method));
	}
	rpc_request_free(&r);
	return 0;
}
