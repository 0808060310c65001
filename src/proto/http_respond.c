/* SPDX-License-Identifier: MIT */
/* Writes the head of a response. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "http.h"
#include "http_date.h"

static const struct {
	int status;
	const char *phrase;
} phrases[] = {
	{ 101, "Switching Protocols" },
	{ 200, "OK" },
	{ 206, "Partial Content" },
	{ 301, "Moved Permanently" },
	{ 304, "Not Modified" },
	{ 308, "Permanent Redirect" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 402, "Payment Required" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 406, "Not Acceptable" },
	{ 407, "Proxy Authentication Required" },
	{ 408, "Request Timeout" },
	{ 409, "Conflict" },
	{ 410, "Gone" },
	{ 411, "Length Required" },
	{ 412, "Precondition Failed" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 415, "Unsupported Media Type" },
	{ 416, "Range Not Satisfiable" },
	{ 417, "Expectation Failed" },
	{ 421, "Misdirected Request" },
	{ 422, "Unprocessable Content" },
	{ 423, "Locked" },
	{ 424, "Failed Dependency" },
	{ 425, "Too Early" },
	{ 426, "Upgrade Required" },
	{ 428, "Precondition Required" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 451, "Unavailable For Legal Reasons" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 502, "Bad Gateway" },
	{ 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" },
	{ 505, "HTTP Version Not Supported" },
	{ 506, "Variant Also Negotiates" },
	{ 507, "Insufficient Storage" },
	{ 508, "Loop Detected" },
	{ 511, "Network Authentication Required" },
};

const char *http_phrase(int status)
{
	for (size_t i = 0; i < sizeof(phrases) / sizeof(*phrases); i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "";
}

/* A head being written. */
struct head {
	char *out;
	size_t cap, n; /* n == cap: it did not fit */
};

__attribute__((format(printf, 2, 3))) static void add(struct head *head,
						      const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(head->out + head->n, head->cap - head->n, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= head->cap - head->n)
		head->n = head->cap;
	else
		head->n += (size_t)n;
}

/* The field NAME, unless VALUE is NULL. */
static void add_field(struct head *head, const char *name, const char *value)
{
	if (value)
		add(head, "%s: %s\r\n", name, value);
}

/* The date WHEN as NAME; 0: left out. */
static void add_date(struct head *head, const char *name, time_t when)
{
	char text[HTTP_DATE_SIZE];

	if (when != 0 && *http_date_text(when, text))
		add_field(head, name, text);
}

/* Has one of the lines of the N bytes at TEXT this NAME? */
static bool has_field(const char *text, size_t n, struct span name)
{
	const char *end = text + n, *line = text;

	for (; line; line = memchr(line, '\n', (size_t)(end - line))) {
		line += *line == '\n';
		if ((size_t)(end - line) > name.n && line[name.n] == ':' &&
		    strncasecmp(line, name.p, name.n) == 0)
			return true;
	}
	return false;
}

/* Those of the lines at MORE whose fields the head does not have yet. */
static void add_more(struct head *head, const char *more)
{
	size_t own = head->n;

	while (more && *more && own < head->cap) {
		struct span name = { more, strcspn(more, ":") };
		size_t n = strcspn(more, "\n") + 1;

		if (!has_field(head->out, own, name))
			add(head, "%.*s", (int)n, more);
		more += n;
	}
}

size_t http_respond(char *out, size_t cap, const struct http_response *r)
{
	struct head head = { out, cap, 0 };

	add(&head, "HTTP/1.1 %d %s\r\n", r->status, http_phrase(r->status));
	add_date(&head, "Date", r->date);
	/* who sends Upgrade names it in Connection, too (RFC 9110 7.8) */
	add_field(&head, "Connection", r->websocket_version ? "close, Upgrade" : "close");
	add_field(&head, "Upgrade", r->websocket_version ? "websocket" : NULL);
	add_field(&head, "Sec-WebSocket-Version", r->websocket_version ? "13" : NULL);
	add_field(&head, "Allow", r->allow);
	add_field(&head, "WWW-Authenticate", r->authenticate);
	if (r->retry_after > 0)
		add(&head, "Retry-After: %d\r\n", r->retry_after);
	add_field(&head, "Location", r->location);
	add_field(&head, "Content-Type", r->content_type);
	add_field(&head, "Content-Encoding", r->content_encoding);
	if (r->status != 304) /* it has no content whose length that could be */
		add(&head, "Content-Length: %llu\r\n",
		    (unsigned long long)r->content_length);
	add_field(&head, "Content-Range", r->content_range);
	add_field(&head, "Accept-Ranges", r->etag ? "bytes" : NULL);
	add_field(&head, "ETag", r->etag);
	add_date(&head, "Last-Modified", r->last_modified);
	add_field(&head, "Content-Security-Policy", r->security);
	/* a file is asked for again, its etag saves the transfer; a page is not kept */
	add_field(&head, "Cache-Control", r->etag ? "no-cache" : "no-store");
	add_field(&head, "X-Content-Type-Options", "nosniff");
	add_more(&head, r->more);
	add(&head, "\r\n");
	return head.n < cap ? head.n : 0;
}
