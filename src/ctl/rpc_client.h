/* SPDX-License-Identifier: MIT */
/* rpc_client.h - one request to the daemon's control socket, and its answer. */
#ifndef CTL_RPC_CLIENT_H
#define CTL_RPC_CLIENT_H

#include <jansson.h>
#include <stdbool.h>

/* How it is asked. */
struct rpc_client {
	const char *socket; /* its path; NULL: where the daemon's is by default */
	/* Called with each notification that comes before the answer; or NULL. */
	void (*on_notification)(const char *method, const json_t *params);
	bool follows; /* after the answer go on with notifications until the end */
};

/*
 * Ask for METHOD with PARAMS (given away; NULL: none), handing over FD (stays the
 * caller's) unless it is -1.  The answer's result, yours; NULL: *ret_code is the exit
 * code (1: the daemon said no, 69: there is none), and standard error has the reason.
 */
json_t *rpc_client_ask(const struct rpc_client *how, const char *method, json_t *params,
		       int fd, int *ret_code);

#endif
