/* SPDX-License-Identifier: MIT */
/* ws_url.h - the parts of a WebSocket's URL (RFC 6455 3). */
#ifndef PROTO_WS_URL_H
#define PROTO_WS_URL_H

#include <stdint.h>

#include "span.h"

#define WS_URL_NAME 256 /* bytes of a host, or of a socket's path */

struct ws_url {
	bool secure;
	bool is_unix;
	char name[WS_URL_NAME]; /* host without brackets, or the socket's path */
	uint16_t port;          /* 0: a Unix socket */
	struct span authority;  /* for Host */
	struct span target;     /* path and query */
};

/*
 * Take TEXT apart: ws://HOST[:PORT][/PATH][?QUERY], wss://..., or the path of a Unix
 * socket, as unix:/run/x.sock:/PATH or ws+unix:///run/x.sock:/PATH.  The spans lie in
 * TEXT, or are static.  NULL, or what is wrong with it.
 */
const char *ws_url_parse(const char *text, struct ws_url *ret);

#endif
