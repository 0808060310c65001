/* SPDX-License-Identifier: MIT */
/*
 * http.h - one strict HTTP/1.1 request head within limits (RFC 9112); writes a response
 * head.
 *
 * Nothing here reads a socket: the caller keeps the bytes received so far in one buffer,
 * which may move between calls, and asks again whenever it has grown.  The parser goes on
 * at the first new byte, so a head costs the same in one piece and byte by byte; a line
 * that is complete is not looked at again.
 */
#ifndef PROTO_HTTP_H
#define PROTO_HTTP_H

#include <stdint.h>
#include <time.h>

#include "span.h"

#define HTTP_MAX_FIELDS 64 /* more: 431 */

enum http_parse {
	HTTP_MORE, /* the head is not complete */
	HTTP_DONE, /* http.size says where it ends */
	HTTP_BAD,  /* http.status and http.reason say why; answer and close */
};

/* A piece of the head as offsets, so that the buffer may move. */
struct http_at {
	uint32_t at, n;
};

struct http_field {
	struct http_at name, value; /* value without blanks around it */
};

/* A request head being parsed, or parsed.  Begin with http_init(). */
struct http {
	size_t max_header; /* bytes up to and including the empty line; more: 431 */

	/* set by HTTP_DONE */
	size_t size; /* bytes of the head; what follows it belongs to the WebSocket */
	struct http_at method, target; /* as received */
	struct http_at path, query;    /* of the target in origin-form or absolute-form,
					  still percent-encoded; query without '?' */
	struct http_at host; /* uri-host[:port]: the target's in absolute-form, else the
			      * Host field's (RFC 9112 3.2.2: Host is then ignored); n ==
			      * 0: HTTP/1.0 without */
	int minor;           /* HTTP/1.minor; another major version is HTTP_BAD, 505 */
	bool has_query;
	unsigned nfields;
	struct http_field fields[HTTP_MAX_FIELDS];

	/* set by HTTP_BAD */
	int status;         /* 400, 431, 501, 505 */
	const char *reason; /* static text for the client and the log */
	bool lacks_host;    /* all else of the head is good, and set as by HTTP_DONE */

	/* the parser's own */
	int state;
	size_t next; /* offset of the first byte not looked at */
	size_t mark; /* where the token under way began */
	bool has_host, has_length;
};

/* Make H ready for the first byte.  MAX_HEADER: at most UINT32_MAX. */
void http_init(struct http *h, size_t max_header);

/*
 * Look at the bytes of DATA: N in all, those of the last call as it left them and what is
 * new.  A TAB inside a field value is replaced by a space in place; nothing else is
 * changed.
 *
 * 400: bare CR or LF, obs-fold, blank before the colon, an empty or non-token method or
 * field name, a control byte in a value, a malformed version, a target that is neither in
 * origin-form nor an absolute-form http(s) or ws(s) URI, a missing (HTTP/1.1), repeated
 * or ill-formed Host, a Content-Length that is not one "0", a first byte that begins no
 * method (TLS).  431: too large. 501: Transfer-Encoding, CONNECT.  505: not HTTP/1.x. Any
 * other method is for the routes to judge. Empty lines before the request line are
 * skipped only as RFC 9112 2.2 allows (one CRLF). After HTTP_DONE and HTTP_BAD the answer
 * stays the same.
 */
enum http_parse http_parse(struct http *h, char *data, size_t n);

/* Is S one or more tchar (RFC 9110 5.6.2)? */
bool http_is_token(struct span s);

/* The bytes of AT within DATA. */
struct span http_span(const char *data, struct http_at at);

/* The value of the only field called NAME (any case); false when there is none. With
 * several fields of that name: the first. */
bool http_find(const struct http *h, const char *data, const char *name,
	       struct span *ret_value);

/* How many fields are called NAME. */
unsigned http_count(const struct http *h, const char *data, const char *name);

/* The reason phrase of STATUS in IANA's registry; "" where that has none, which is no
 * error (RFC 9112 4). */
const char *http_phrase(int status);

/* One response head.  NULL members are left out. */
struct http_response {
	int status;
	time_t date; /* now (RFC 9110 6.6.1); 0: left out */
	const char *content_type;
	const char *content_encoding;
	uint64_t content_length;   /* left out of a 304 */
	const char *location;      /* 301, 308 */
	const char *content_range; /* 206, 416 */
	const char *etag; /* of a file, quoted: it may be kept, and asked for in ranges */
	time_t last_modified;     /* 0: left out */
	const char *allow;        /* 405 */
	const char *authenticate; /* 401: WWW-Authenticate */
	int retry_after;          /* seconds; 0: left out */
	const char *security;     /* Content-Security-Policy */
	bool websocket_version;   /* 426: Upgrade and Sec-WebSocket-Version: 13 */
	const char *more; /* further fields, each with its CR LF; those that the head has
			     already are left out */
};

/* Write R's head with its empty line to OUT (CAP bytes): its length, or 0 when it does
 * not fit. Always says Connection: close and nosniff, and no-store unless there is an
 * etag. */
size_t http_respond(char *out, size_t cap, const struct http_response *r);

/* Percent-decode PATH once into OUT (CAP bytes, NUL-terminated).  Its length, or -1 for a
 * bad escape, an encoded slash or NUL, a control byte, a dot segment, an empty segment
 * (but the last), a first byte other than a slash, or a path that does not fit: such a
 * path matches nothing (404). The empty path (absolute-form) is "/" (RFC 9110 4.2.3). */
long http_decode_path(struct span path, char *out, size_t cap);

#endif
