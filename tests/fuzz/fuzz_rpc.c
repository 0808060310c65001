/* SPDX-License-Identifier: MIT */
/* Fuzzes what a control line says: whatever comes, there is a request or an error, each
 * answers as one line of JSON, and the parameters of a command are what its row wants. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "command_params.h"
#include "rpc.h"

#define MUST(holds) ((holds) ? (void)0 : abort())
#define PARAMS (sizeof(((struct command *)0)->params) / sizeof(struct command_param))

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

/* The parameters of R, or its method, are the elements of a result. */
static void check_list(const struct rpc_request *r)
{
	const json_t *v = r->params ? r->params : r->method;
	char *begin = rpc_list_begin(r->id), *first = rpc_list_element(v, true);
	char *second = rpc_list_element(v, false), *all;

	MUST(begin && first && second);
	MUST(asprintf(&all, "%s%s%s%s", begin, first, second, RPC_LIST_END) > 0);
	check_line(all);
	free(begin);
	free(first);
	free(second);
}

/* Who asks for values of C's parameters gets them, of whatever type they are. */
static void check_values(const struct call *c)
{
	static const struct session nobody = { .id = 1, .path = "/x" };

	for (size_t i = 0; i < PARAMS && c->command->params[i].name; i++) {
		const struct command_param *p = &c->command->params[i];
		const json_t *v = json_object_get(c->params, p->name);

		MUST(v || !p->required);
		MUST(!v || p->type != PARAM_TEXT || call_text(c, p->name, NULL));
		MUST(p->type != PARAM_NUMBER || call_number(c, p->name, 0) >= 0);
		MUST(!call_flag(c, p->name) || json_is_true(v));
		(void)call_means(c, p->name, &nobody);
		(void)call_means_one(c, p->name);
	}
}

/* A client that C means by its id is not there. */
static void check_client(struct call *c)
{
	static struct server server;

	c->server = &server;
	for (size_t i = 0; i < PARAMS && c->command->params[i].name; i++)
		if (c->command->params[i].type == PARAM_CLIENT &&
		    json_object_get(c->params, "to"))
			MUST(!call_client(c) && c->code == CALL_NO_CLIENT);
}

/* The request is for COMMAND. */
static void check_params(const struct command *command, const json_t *params)
{
	struct call c = { .command = command, .fd = -1 };

	c.params = json_deep_copy(params);
	MUST(c.params || !params);
	if (command_params_check(&c)) {
		MUST(c.state == CALL_NEW && !json_is_array(c.params));
		check_values(&c);
		check_client(&c);
	} else {
		MUST(c.state == CALL_ENDED && c.code == CALL_PARAMS);
		check_line(
			rpc_error(params ? params : json_null(), c.code, c.text, NULL));
	}
	call_free(&c);
}

static void check_call(const struct rpc_request *r)
{
	const char *name = json_string_value(r->method);

	for (size_t i = 0; i < ncommands; i++)
		if (strcmp(commands[i].name, name) == 0)
			check_params(&commands[i], r->params);
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
		check_line(rpc_error(r.id, r.code, r.text, r.id));
	} else {
		MUST(json_is_string(r.method));
		MUST(!r.params || json_is_object(r.params) || json_is_array(r.params));
		if (r.id) {
			check_line(rpc_result(r.id, r.params ? r.params : r.method));
			check_list(&r);
		}
		check_line(rpc_notification("n", r.method));
		check_call(&r);
	}
	rpc_request_free(&r);
	return 0;
}
