/* SPDX-License-Identifier: MIT */
/* Asks for the WebSocket, and reads the answer. */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base64.h"
#include "connect_handshake.h"
#include "handshake_client.h"
#include "log.h"

#define HEAD_MAX (16 * 1024) /* of an answer */
#define BODY_MAX 2048        /* of what refuses; one line is shown */

static bool say(const char *why)
{
	fprintf(stderr, "wsbridgectl: %s\n", why);
	return false;
}

/* ---- the request ---- */

static bool make_key(char *out)
{
	unsigned char bytes[16];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return say("getrandom: no random bytes");
	base64_encode((struct span){ (char *)bytes, sizeof(bytes) }, out);
	return true;
}

static bool send_all(struct wire *w, const char *p, size_t n, double end)
{
	ssize_t sent;

	while (n > 0) {
		sent = wire_write(w, p, n);
		if (sent == -EAGAIN && wire_wait(w, wire_events(w, false, true), end))
			continue;
		if (sent < 0)
			return say(sent == -EAGAIN
					   ? "the server does not read the request"
					   : strerror((int)-sent));
		p += sent;
		n -= (size_t)sent;
	}
	return true;
}

static bool send_request(struct wire *w, const struct handshake_request *q, double end)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	bool ok = false;

	if (f) {
		handshake_write_request(q, f);
		ok = fclose(f) == 0 && send_all(w, text, n, end);
	}
	if (text)
		explicit_bzero(text, n); /* of the password */
	free(text);
	return ok;
}

/* ---- the answer ---- */

/* Append what comes next.  1; 0: the end, or END; -errno. */
static ssize_t read_more(struct wire *w, struct buf *in, double end)
{
	char chunk[4096];
	ssize_t n;

	while ((n = wire_read(w, chunk, sizeof(chunk))) == -EAGAIN)
		if (!wire_wait(w, wire_events(w, true, false), end))
			return -ETIMEDOUT;
	if (n > 0 && buf_append(in, chunk, (size_t)n, SIZE_MAX) < 0)
		return -ENOMEM;
	return n > 0 ? 1 : n;
}

static bool read_head(struct wire *w, struct response *r, double end, struct buf *in)
{
	enum http_parse parsed;
	ssize_t n;

	response_init(r, HEAD_MAX);
	while ((parsed = response_parse(r, buf_head(in), buf_len(in))) == HTTP_MORE) {
		n = read_more(w, in, end);
		if (n == 0)
			return say("the server hung up before it answered");
		if (n < 0)
			return say(n == -ETIMEDOUT ? "no answer in time"
						   : strerror((int)-n));
	}
	return parsed == HTTP_DONE || say(r->head.reason);
}

/* ---- a refusal ---- */

static void print_part(const char *before, const char *p, size_t n)
{
	char printable[1024];

	log_printable(printable, sizeof(printable), p, n);
	if (n > 0)
		fprintf(stderr, "%s%s", before, printable);
}

/* Cut the next line off REST, which is not empty. */
static struct span next_line(struct span *rest)
{
	struct span line;

	assert(rest->p);
	line = span_cut(rest, '\n');
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

/* How much of the body to wait for: a server may keep the connection open behind it. */
static size_t body_size(const struct response *r, const char *data)
{
	struct span length;
	size_t n = 0;

	if (!http_find(&r->head, data, "Content-Length", &length) || length.n == 0)
		return BODY_MAX;
	for (size_t i = 0; i < length.n && n < BODY_MAX; i++) {
		if (length.p[i] < '0' || length.p[i] > '9')
			return BODY_MAX;
		n = 10 * n + (size_t)(length.p[i] - '0');
	}
	return n < BODY_MAX ? n : BODY_MAX;
}

/* What follows the head, as far as it comes. */
static struct span read_body(struct wire *w, const struct response *r, double end,
			     struct buf *in)
{
	size_t most = body_size(r, buf_head(in)), n;

	while (buf_len(in) - r->head.size < most && read_more(w, in, end) > 0)
		;
	n = buf_len(in) - r->head.size;
	return (struct span){ buf_head(in) + r->head.size, n < most ? n : most };
}

/* The first line of TEXT that does not only repeat the status. */
static void print_body(const struct response *r, struct span text)
{
	char status[4];
	struct span line;

	snprintf(status, sizeof(status), "%d", r->status);
	while (text.n > 0) {
		line = next_line(&text);
		if (line.n == 0 || (line.n >= 3 && memcmp(line.p, status, 3) == 0))
			continue;
		print_part(": ", line.p, line.n);
		return;
	}
}

static bool refused(struct wire *w, const struct response *r, double end, struct buf *in)
{
	struct span to;

	fprintf(stderr, "wsbridgectl: refused: %d", r->status);
	print_part(" ", buf_head(in) + r->phrase.at, r->phrase.n);
	if (http_find(&r->head, buf_head(in), "Location", &to))
		print_part(": see ", to.p, to.n);
	else
		print_body(r, read_body(w, r, end, in));
	if (r->status == 401)
		fputs(" (--user or --token-file say who you are)", stderr);
	fputs("\n", stderr);
	return false;
}

bool connect_handshake(struct wire *w, const struct connect_options *o, const char *auth,
		       double end, struct buf *ret_got)
{
	struct handshake_request q = { .target = o->url.target,
				       .host = o->url.authority,
				       .origin = o->origin,
				       .authorization = auth,
				       .subprotocols = o->subprotocols,
				       .fields = o->fields };
	struct span subprotocol;
	struct response r;
	const char *wrong;

	if (!make_key(q.key) || !send_request(w, &q, end) ||
	    !read_head(w, &r, end, ret_got))
		return false;
	if (r.status != 101)
		return refused(w, &r, end, ret_got);
	wrong = handshake_judge_answer(&q, &r, buf_head(ret_got), &subprotocol);
	if (wrong)
		return say(wrong);
	if (o->subprotocols[0] && !o->quiet)
		print_part("subprotocol: ", subprotocol.n > 0 ? subprotocol.p : "none",
			   subprotocol.n > 0 ? subprotocol.n : 4);
	if (o->subprotocols[0] && !o->quiet)
		fputs("\n", stderr);
	buf_consume(ret_got, r.head.size);
	return true;
}
