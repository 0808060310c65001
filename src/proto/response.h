/* SPDX-License-Identifier: MIT */
/* response.h - one strict HTTP/1.1 response head within limits (RFC 9112). */
#ifndef PROTO_RESPONSE_H
#define PROTO_RESPONSE_H

#include "http.h"

/* A response head being parsed, or parsed.  Begin with response_init(). */
struct response {
	/* set by HTTP_DONE */
	int status; /* 100 to 599 */
	struct http_at phrase;
	struct http head; /* size, minor and fields, for http_find() and http_count() */

	/* set by HTTP_BAD: head.reason, static text */

	/* the parser's own */
	size_t line; /* offset of the line under way */
	bool begun;  /* the status line has come */
	bool bad;
};

/* Make R ready for the first byte of a head of at most MAX_HEADER bytes. */
void response_init(struct response *r, size_t max_header);

/*
 * Look at the bytes of DATA: N in all, as http_parse() does.  HTTP_BAD: what is no
 * HTTP/1.x at its first wrong byte, a bare LF or CR, a folded line, a field name that is
 * no token, a control byte in a value, more than HTTP_MAX_FIELDS fields, more than
 * max_header bytes.
 */
enum http_parse response_parse(struct response *r, const char *data, size_t n);

#endif
