/* SPDX-License-Identifier: MIT */
/* Parses one HTTP/1.1 response head, line by line. */
#include <assert.h>

#include "response.h"

static const char version[] = "HTTP/1.";

void response_init(struct response *r, size_t max_header)
{
	assert(max_header <= UINT32_MAX);
	*r = (struct response){ .head.max_header = max_header };
}

static enum http_parse bad(struct response *r, const char *reason)
{
	r->bad = true;
	r->head.reason = reason;
	return HTTP_BAD;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* No control byte is in S, but TAB. */
static bool is_text(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c < 0x20 && c != '\t') || c == 0x7F)
			return false;
	}
	return true;
}

static struct http_at at_span(const char *data, struct span s)
{
	return (struct http_at){ (uint32_t)(s.p - data), (uint32_t)s.n };
}

/* HTTP/1.1 101 Switching Protocols; the phrase, and the blank before it, may be missing
 * (RFC 9112 4 asks clients to take that). */
static bool take_status(struct response *r, const char *data, struct span s)
{
	const size_t code =
		sizeof(version) + 1; /* behind the minor version, and a blank */

	if (s.n < code + 3 || !is_digit(s.p[code - 2]) || s.p[code - 1] != ' ' ||
	    s.p[code] < '1' || s.p[code] > '5' || !is_digit(s.p[code + 1]) ||
	    !is_digit(s.p[code + 2]) || (s.n > code + 3 && s.p[code + 3] != ' '))
		return false;
	r->head.minor = s.p[code - 2] - '0';
	r->status = (s.p[code] - '0') * 100 + (s.p[code + 1] - '0') * 10 + s.p[code + 2] -
		    '0';
	if (s.n > code + 4)
		r->phrase =
			at_span(data, (struct span){ s.p + code + 4, s.n - code - 4 });
	return true;
}

static const char *take_field(struct http *h, const char *data, struct span s)
{
	const char *colon = memchr(s.p, ':', s.n);
	struct span name = { s.p, colon ? (size_t)(colon - s.p) : 0 };
	struct span value = { s.p + name.n + 1, s.n - name.n - 1 };

	if (!http_is_token(name))
		return "a line of the answer's head is no field";
	if (h->nfields == HTTP_MAX_FIELDS)
		return "the answer has more than 64 header fields";
	h->fields[h->nfields++] = (struct http_field){ at_span(data, name),
						       at_span(data, span_trim(value)) };
	return NULL;
}

/* A line S without its end. */
static enum http_parse take_line(struct response *r, const char *data, struct span s)
{
	const char *wrong = NULL;

	if (!is_text(s))
		return bad(r, "a control byte in the answer's head");
	if (r->begun && s.n == 0) {
		r->head.size = r->line + 2;
		return HTTP_DONE;
	}
	if (r->begun)
		wrong = take_field(&r->head, data, s);
	else if (!take_status(r, data, s))
		wrong = "the answer's first line is no status line";
	r->begun = true;
	return wrong ? bad(r, wrong) : HTTP_MORE;
}

/* What has come begins as HTTP/1.x does. */
static bool is_http(const char *data, size_t n)
{
	return memcmp(data, version, n < sizeof(version) - 1 ? n : sizeof(version) - 1) ==
	       0;
}

enum http_parse response_parse(struct response *r, const char *data, size_t n)
{
	struct http *h = &r->head;
	size_t end = n < h->max_header ? n : h->max_header;
	enum http_parse result = HTTP_MORE;

	if (r->bad)
		return HTTP_BAD;
	if (h->size > 0)
		return HTTP_DONE;
	if (end > 0 && !is_http(data, end))
		return bad(r, "the answer is not HTTP/1.1");
	for (; h->next < end && result == HTTP_MORE; h->next++) {
		size_t size = h->next - r->line;

		if (data[h->next] != '\n')
			continue;
		if (size == 0 || data[h->next - 1] != '\r')
			return bad(r, "a bare LF in the answer's head");
		result = take_line(r, data, (struct span){ data + r->line, size - 1 });
		r->line = h->next + 1;
	}
	if (result == HTTP_MORE && h->next == h->max_header)
		return bad(r, "the answer's head is too large");
	return result;
}
