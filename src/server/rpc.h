/* SPDX-License-Identifier: MIT */
/*
 * rpc.h - JSON-RPC 2.0, one object a line: a line to a request, a call's end to a line.
 *
 * It knows no socket.  Every byte of a line may be hostile.
 */
#ifndef SERVER_RPC_H
#define SERVER_RPC_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define RPC_TEXT 256
#define RPC_VALUES 10000 /* of one request */

/* A request, or what is wrong with it. */
struct rpc_request {
	json_t *id;     /* to be answered with; NULL: a notification */
	json_t *method; /* a string */
	json_t *params; /* an object, an array, or NULL */
	int code;       /* 0, or an error: id is then what could be read of it, or null */
	char text[RPC_TEXT];
};

/* Read the N bytes of LINE.  What RET then holds is yours: rpc_request_free(). */
void rpc_read(const char *line, size_t n, struct rpc_request *ret);
void rpc_request_free(struct rpc_request *r);

/* Each returns a line with its newline, yours.  NULL: out of memory, here or
 * (json_memory.h) when the values given were made. */
char *rpc_result(const json_t *id, const json_t *result);
char *rpc_error(const json_t *id, int code, const char *text, const json_t *data);
char *rpc_notification(const char *method, const json_t *params);

/* A list as the result, in pieces: its begin, each element (FIRST: the first), its
 * end. */
char *rpc_list_begin(const json_t *id);
char *rpc_list_element(const json_t *element, bool first);
#define RPC_LIST_END "]}\n"

#endif
