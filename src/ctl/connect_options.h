/* SPDX-License-Identifier: MIT */
/* connect_options.h - the command line of wsbridgectl connect. */
#ifndef CTL_CONNECT_OPTIONS_H
#define CTL_CONNECT_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "relay.h"
#include "wire.h"
#include "ws_url.h"

struct connect_options {
	struct ws_url url;
	const char **fields;       /* "Name: value", NULL-terminated; yours */
	const char **subprotocols; /* likewise */
	const char *origin;
	const char *user;       /* NAME, or NAME:PASSWORD (yours) */
	const char *token_file; /* its first line is the token */
	const char *token_env;  /* the variable that has the token */
	double timeout;         /* until the WebSocket is open */
	bool quiet;
	struct wire_tls_conf tls;
	struct relay_conf relay;
};

/* Take ARGV apart.  False: *ret_status is the exit status, and that has been said. */
bool connect_options_parse(int argc, char **argv, struct connect_options *ret,
			   int *ret_status);

void connect_options_free(struct connect_options *o);

#endif
