/* SPDX-License-Identifier: MIT */
/*
 * Parses one HTTP/1.1 request head, byte by byte, as strictly as RFC 9112 allows.
 *
 * Each byte goes to the step of the present state.  A step stores where things begin and
 * end, and only the end of a line looks back, at that line: what has been sent byte by
 * byte costs no more.
 */
#include <assert.h>

#include "authority.h"
#include "http.h"

enum state {
	ST_START,    /* the first byte: of the method, or of one empty line */
	ST_START_LF, /* the LF of that empty line */
	ST_BEGIN,    /* the first byte of the method */
	ST_METHOD,
	ST_TARGET,
	ST_VERSION, /* up to the LF that ends the request line */
	ST_FIELD,   /* the first byte of a field line, or of the empty line */
	ST_NAME,
	ST_BLANK, /* between the colon and the value */
	ST_VALUE,
	ST_VALUE_LF,
	ST_END_LF, /* the LF of the empty line */
	ST_DONE,
	ST_BAD,
	ST_COUNT
};

enum { TCHAR = 1, TARGET = 2, VALUE = 4 };

#define ANYWHERE (TCHAR | TARGET | VALUE)

/* Where a byte may stand.  TARGET is more than RFC 3986 has: browsers send \ ^ ` { | } in
 * a query as they are. */
/* clang-format off */
static const unsigned char allowed[256] = {
	['0' ... '9'] = ANYWHERE, ['A' ... 'Z'] = ANYWHERE, ['a' ... 'z'] = ANYWHERE,
	['!'] = ANYWHERE, ['$'] = ANYWHERE, ['%'] = ANYWHERE, ['&'] = ANYWHERE,
	['\''] = ANYWHERE, ['*'] = ANYWHERE, ['+'] = ANYWHERE, ['-'] = ANYWHERE,
	['.'] = ANYWHERE, ['^'] = ANYWHERE, ['_'] = ANYWHERE, ['`'] = ANYWHERE,
	['|'] = ANYWHERE, ['~'] = ANYWHERE,
	['('] = TARGET | VALUE, [')'] = TARGET | VALUE, [','] = TARGET | VALUE,
	['/'] = TARGET | VALUE, [':'] = TARGET | VALUE, [';'] = TARGET | VALUE,
	['='] = TARGET | VALUE, ['?'] = TARGET | VALUE, ['@'] = TARGET | VALUE,
	['['] = TARGET | VALUE, ['\\'] = TARGET | VALUE, [']'] = TARGET | VALUE,
	['{'] = TARGET | VALUE, ['}'] = TARGET | VALUE,
	['#'] = TCHAR | VALUE,
	['"'] = VALUE, ['<'] = VALUE, ['>'] = VALUE,
	[0x80 ... 0xff] = VALUE,
};
/* clang-format on */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool may(char c, unsigned where)
{
	return allowed[(unsigned char)c] & where;
}

static void bad(struct http *h, int status, const char *reason)
{
	h->state = ST_BAD;
	h->status = status;
	h->reason = reason;
}

/* A byte C that may not stand here: say what is wrong with it, else REASON. */
static void unexpected(struct http *h, char c, const char *reason)
{
	bad(h, 400,
	    c == '\n'   ? "a bare LF"
	    : c == '\r' ? "a CR in the wrong place"
			: reason);
}

/* ---- the request line ---- */

/* Cut the part of the target that begins at AT into path and query. */
static void cut_path(struct http *h, const char *data, size_t at)
{
	size_t n = h->target.at + h->target.n - at;
	const char *mark = memchr(data + at, '?', n);
	size_t path = mark ? (size_t)(mark - data) - at : n;

	h->path = (struct http_at){ (uint32_t)at, (uint32_t)path };
	if (mark) {
		h->has_query = true;
		h->query = (struct http_at){ (uint32_t)(at + path + 1),
					     (uint32_t)(n - path - 1) };
	}
}

/* The size of "scheme://" at the beginning of S, 0: not one that we answer to. */
static size_t scheme_size(struct span s)
{
	static const struct span schemes[] = {
		SPAN("http://"),
		SPAN("https://"),
		SPAN("ws://"),
		SPAN("wss://"),
	};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		struct span begin = { s.p, schemes[i].n };

		if (s.n >= begin.n && span_is_nocase(begin, schemes[i]))
			return begin.n;
	}
	return 0;
}

/* Take the target, which has arrived (RFC 9112 3.2): origin-form or absolute-form. */
static void end_target(struct http *h, const char *data)
{
	struct span target = http_span(data, h->target);
	size_t scheme = scheme_size(target);
	size_t i = scheme;

	if (target.p[0] == '/') {
		cut_path(h, data, h->target.at);
		return;
	}
	if (scheme == 0) {
		bad(h, 400, "the target is neither a path nor an http or ws URI");
		return;
	}
	while (i < target.n && target.p[i] != '/' && target.p[i] != '?')
		i++;
	h->host = (struct http_at){ (uint32_t)(h->target.at + scheme),
				    (uint32_t)(i - scheme) };
	if (!authority_is_valid(http_span(data, h->host)))
		bad(h, 400, "the target names no valid host");
	cut_path(h, data, h->target.at + i);
}

/* The request line is complete; its version is the eight bytes at h->mark. */
static void end_request_line(struct http *h, const char *data)
{
	h->state = ST_FIELD;
	h->minor = data[h->mark + 7] - '0';
	if (data[h->mark + 5] != '1')
		bad(h, 505, "only HTTP/1.1 is spoken here");
	else
		end_target(h, data);
}

static void in_method(struct http *h, char *data, size_t at)
{
	if (may(data[at], TCHAR))
		return;
	h->method = (struct http_at){ (uint32_t)h->mark, (uint32_t)(at - h->mark) };
	/* RFC 9110 9.3.6, 15.6.2: what we do not implement for any resource is 501, not
	 * 405. */
	if (data[at] != ' ')
		unexpected(h, data[at], "a byte that no method has");
	else if (span_is(http_span(data, h->method), SPAN("CONNECT")))
		bad(h, 501, "CONNECT is not implemented");
	else
		h->state = ST_TARGET;
	h->mark = at + 1;
}

static void begin_method(struct http *h, char *data, size_t at)
{
	h->state = ST_METHOD;
	h->mark = at;
	if (data[at] == 0x16) /* TLS ContentType handshake (RFC 8446 5.1) */
		bad(h, 400, "this port does not speak TLS; use http:// or ws://");
	else if (!may(data[at], TCHAR))
		unexpected(h, data[at], "this is not HTTP");
}

static void at_start(struct http *h, char *data, size_t at)
{
	if (data[at] == '\r')
		h->state = ST_START_LF;
	else
		begin_method(h, data, at);
}

static void at_start_lf(struct http *h, char *data, size_t at)
{
	if (data[at] == '\n')
		h->state = ST_BEGIN;
	else
		bad(h, 400, "a bare CR");
}

static void in_target(struct http *h, char *data, size_t at)
{
	if (may(data[at], TARGET))
		return;
	if (data[at] == '\r' || data[at] == '\n') {
		bad(h, 400, "a request line without a version");
	} else if (data[at] != ' ') {
		bad(h, 400, "a byte in the target that must be percent-encoded");
	} else if (at == h->mark) {
		bad(h, 400, "an empty target");
	} else {
		h->target =
			(struct http_at){ (uint32_t)h->mark, (uint32_t)(at - h->mark) };
		h->state = ST_VERSION;
		h->mark = at + 1;
	}
}

static void in_version(struct http *h, char *data, size_t at)
{
	static const char form[] = "HTTP/0.0\r\n"; /* 0 is any digit */
	char want = form[at - h->mark];

	if (want == '0' ? data[at] < '0' || data[at] > '9' : data[at] != want)
		unexpected(h, data[at], "a malformed HTTP version");
	else if (want == '\n')
		end_request_line(h, data);
}

/* ---- field lines ---- */

static void at_field(struct http *h, char *data, size_t at)
{
	h->mark = at;
	if (data[at] == '\r')
		h->state = ST_END_LF;
	else if (is_blank(data[at]))
		bad(h, 400, "a folded field line");
	else if (data[at] == ':')
		bad(h, 400, "an empty field name");
	else if (!may(data[at], TCHAR))
		unexpected(h, data[at], "a byte that no field name has");
	else if (h->nfields == HTTP_MAX_FIELDS)
		bad(h, 431, "more than 64 header fields");
	else
		h->state = ST_NAME;
}

static void in_name(struct http *h, char *data, size_t at)
{
	struct http_field *f = &h->fields[h->nfields];

	if (may(data[at], TCHAR))
		return;
	if (is_blank(data[at])) {
		bad(h, 400, "a blank before the colon of a field");
	} else if (data[at] != ':') {
		unexpected(h, data[at], "a byte that no field name has");
	} else {
		f->name = (struct http_at){ (uint32_t)h->mark, (uint32_t)(at - h->mark) };
		f->value = (struct http_at){ (uint32_t)(at + 1), 0 };
		h->state = ST_BLANK;
	}
}

static void in_value(struct http *h, char *data, size_t at)
{
	struct http_at *value = &h->fields[h->nfields].value;

	if (data[at] == '\t')
		data[at] = ' ';
	if (may(data[at], VALUE))
		value->n = (uint32_t)(at + 1) - value->at; /* blanks behind it stay out */
	else if (data[at] == '\r')
		h->state = ST_VALUE_LF;
	else if (data[at] != ' ')
		unexpected(h, data[at], "a control byte in a field value");
}

static void before_value(struct http *h, char *data, size_t at)
{
	h->fields[h->nfields].value.at = (uint32_t)at;
	if (is_blank(data[at]))
		return;
	h->state = ST_VALUE;
	in_value(h, data, at);
}

static void end_host(struct http *h, const char *data, struct http_at value)
{
	if (h->has_host)
		bad(h, 400, "more than one Host");
	else if (!authority_is_valid(http_span(data, value)))
		bad(h, 400, "an invalid Host");
	else if (h->host.n == 0) /* else absolute-form has said it */
		h->host = value;
	h->has_host = true;
}

static void end_content_length(struct http *h, const char *data, struct http_at value)
{
	if (h->has_length)
		bad(h, 400, "more than one Content-Length");
	else if (!span_is(http_span(data, value), SPAN("0")))
		bad(h, 400, "a request with a body"); /* RFC 9110 9.3.1 */
	h->has_length = true;
}

/* The field line is complete: judge the fields that frame a message (RFC 9112 3.2, 6). */
static void at_value_lf(struct http *h, char *data, size_t at)
{
	struct http_field *f = &h->fields[h->nfields];
	struct span name = http_span(data, f->name);

	if (data[at] != '\n') {
		bad(h, 400, "a bare CR");
		return;
	}
	h->nfields++;
	h->state = ST_FIELD;
	if (span_is_nocase(name, SPAN("Host")))
		end_host(h, data, f->value);
	else if (span_is_nocase(name, SPAN("Content-Length")))
		end_content_length(h, data, f->value);
	else if (span_is_nocase(name, SPAN("Transfer-Encoding")))
		bad(h, 501, "Transfer-Encoding is not implemented");
}

static void at_end_lf(struct http *h, char *data, size_t at)
{
	if (data[at] != '\n') {
		bad(h, 400, "a bare CR");
	} else if (!h->has_host && h->minor > 0) {
		bad(h, 400, "HTTP/1.1 without Host");
		h->lacks_host = true;
		h->size = at + 1;
	} else {
		h->state = ST_DONE;
		h->size = at + 1;
	}
}

static void (*const steps[ST_COUNT])(struct http *h, char *data, size_t at) = {
	[ST_START] = at_start,   [ST_START_LF] = at_start_lf, [ST_BEGIN] = begin_method,
	[ST_METHOD] = in_method, [ST_TARGET] = in_target,     [ST_VERSION] = in_version,
	[ST_FIELD] = at_field,   [ST_NAME] = in_name,         [ST_BLANK] = before_value,
	[ST_VALUE] = in_value,   [ST_VALUE_LF] = at_value_lf, [ST_END_LF] = at_end_lf,
};

/* ---- the interface ---- */

void http_init(struct http *h, size_t max_header)
{
	assert(max_header <= UINT32_MAX);
	*h = (struct http){ .max_header = max_header };
}

enum http_parse http_parse(struct http *h, char *data, size_t n)
{
	size_t end = n < h->max_header ? n : h->max_header;

	while (h->next < end && h->state < ST_DONE) {
		steps[h->state](h, data, h->next);
		h->next++;
	}
	if (h->next == h->max_header && h->state < ST_DONE)
		bad(h, 431, "the request head is too large (max_header)");
	if (h->state == ST_BAD)
		return HTTP_BAD;
	return h->state == ST_DONE ? HTTP_DONE : HTTP_MORE;
}

bool http_is_token(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!may(s.p[i], TCHAR))
			return false;
	return s.n > 0;
}

struct span http_span(const char *data, struct http_at at)
{
	return (struct span){ data + at.at, at.n };
}

bool http_find(const struct http *h, const char *data, const char *name,
	       struct span *ret_value)
{
	struct span want = { name, strlen(name) };

	for (unsigned i = 0; i < h->nfields; i++)
		if (span_is_nocase(http_span(data, h->fields[i].name), want)) {
			*ret_value = http_span(data, h->fields[i].value);
			return true;
		}
	return false;
}

unsigned http_count(const struct http *h, const char *data, const char *name)
{
	struct span want = { name, strlen(name) };
	unsigned count = 0;

	for (unsigned i = 0; i < h->nfields; i++)
		if (span_is_nocase(http_span(data, h->fields[i].name), want))
			count++;
	return count;
}
