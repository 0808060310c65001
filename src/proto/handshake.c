/* SPDX-License-Identifier: MIT */
/* Decides if a request is a legal RFC 6455 upgrade and builds the answer. */
#include <assert.h>

#include "base64.h"
#include "handshake.h"
#include "sha1.h"

static const char alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* ---- lists: the elements of all fields of one name (RFC 9110 5.3, 5.6.1.2) ---- */

struct list {
	const struct http *http;
	const char *data, *name;
	unsigned field;   /* the next one to look at */
	struct span rest; /* of the value under way */
};

/* Go on to the next field of the list's name.  False: there is none. */
static bool next_field(struct list *l)
{
	struct span want = { l->name, strlen(l->name) };

	while (l->field < l->http->nfields) {
		const struct http_field *f = &l->http->fields[l->field++];

		if (span_is_nocase(http_span(l->data, f->name), want)) {
			l->rest = http_span(l->data, f->value);
			return true;
		}
	}
	return false;
}

/* The next element that is not empty. */
static bool next_element(struct list *l, struct span *ret)
{
	do {
		while (l->rest.n > 0) {
			*ret = span_trim(span_cut(&l->rest, ','));
			if (ret->n > 0)
				return true;
		}
	} while (next_field(l));
	return false;
}

/* ---- the single fields ---- */

bool handshake_names(const struct http *h, const char *data, const char *name,
		     struct span token)
{
	struct list l = { .http = h, .data = data, .name = name };
	struct span element;

	while (next_element(&l, &element))
		if (span_is_nocase(element, token))
			return true;
	return false;
}

/* Is S the base64 of 16 bytes: 22 characters, the last with four bits of zero, and "=="?
 */
static bool is_key(struct span s)
{
	if (s.n != 24 || s.p[22] != '=' || s.p[23] != '=')
		return false;
	for (size_t i = 0; i < 22; i++)
		if (!memchr(alphabet, s.p[i], 64))
			return false;
	return memchr("AQgw", s.p[21], 4) != NULL;
}

/* Is S, without its quotes, a token once the backslashes are taken out (RFC 9110 5.6.4)?
 */
static bool is_quoted_token(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n)
			i++;
		if (!http_is_token((struct span){ s.p + i, 1 }))
			return false;
	}
	return s.n > 0;
}

/* Is S name or name=value with value a token, quoted or not (RFC 6455 9.1)? */
static bool is_parameter(struct span s)
{
	bool has_value = memchr(s.p, '=', s.n);

	if (!http_is_token(span_trim(span_cut(&s, '='))))
		return false;
	s = span_trim(s);
	if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
		return is_quoted_token((struct span){ s.p + 1, s.n - 2 });
	return !has_value || http_is_token(s);
}

/* Is S an extension and its parameters?  A quoted value holds a token, so no ; and no
 * comma. */
static bool is_extension(struct span s)
{
	struct span rest = s;

	if (s.p[s.n - 1] == ';' || !http_is_token(span_trim(span_cut(&rest, ';'))))
		return false;
	while (rest.n > 0)
		if (!is_parameter(span_trim(span_cut(&rest, ';'))))
			return false;
	return true;
}

/* Every element of Sec-WebSocket-Extensions is one, and there is one if there is a field.
 */
static bool extensions_are_valid(const struct http *h, const char *data)
{
	static const char name[] = "Sec-WebSocket-Extensions";
	struct list l = { .http = h, .data = data, .name = name };
	struct span element;
	bool any = false;

	while (next_element(&l, &element)) {
		if (!is_extension(element))
			return false;
		any = true;
	}
	return any || http_count(h, data, name) == 0;
}

/* The subprotocols that a client offers. */
struct offers {
	struct span v[HANDSHAKE_MAX_OFFERS];
	unsigned n;
};

static bool is_offered(const struct offers *o, struct span s)
{
	for (unsigned i = 0; i < o->n; i++)
		if (span_is(o->v[i], s))
			return true;
	return false;
}

/* NULL, or what is wrong with Sec-WebSocket-Protocol (RFC 6455 4.1, 10th
 * requirement; 11.3.4). */
static const char *read_offers(const struct http *h, const char *data, struct offers *o)
{
	static const char name[] = "Sec-WebSocket-Protocol";
	struct list l = { .http = h, .data = data, .name = name };
	struct span element;

	o->n = 0;
	while (next_element(&l, &element)) {
		if (!http_is_token(element))
			return "Sec-WebSocket-Protocol is no list of tokens";
		if (is_offered(o, element))
			return "Sec-WebSocket-Protocol names a subprotocol twice";
		if (o->n == HANDSHAKE_MAX_OFFERS)
			return "Sec-WebSocket-Protocol names too many subprotocols";
		o->v[o->n++] = element;
	}
	if (o->n == 0 && http_count(h, data, name) > 0)
		return "Sec-WebSocket-Protocol is empty";
	return NULL;
}

/* The first of the server's SUBPROTOCOLS that is offered. */
static struct span choose(const char *const *subprotocols, const struct offers *o)
{
	for (; subprotocols && *subprotocols; subprotocols++) {
		struct span s = { *subprotocols, strlen(*subprotocols) };

		if (is_offered(o, s))
			return s;
	}
	return (struct span){ NULL, 0 };
}

/* ---- the decision ---- */

/* The status that refuses an upgrade for what is not its own fields, 0: go on. */
static int check_request(const struct http *h, const char *data, const char **ret_reason)
{
	if (h->minor < 1) {
		*ret_reason = "a WebSocket needs HTTP/1.1";
		return 505;
	}
	if (!span_is(http_span(data, h->method), SPAN("GET"))) {
		*ret_reason = "a WebSocket is opened with GET";
		return 405;
	}
	if (!handshake_names(h, data, "Connection", SPAN("upgrade"))) {
		*ret_reason =
			"Connection does not name Upgrade; a proxy may have removed it";
		return 400;
	}
	if (http_count(h, data, "Origin") > 1) { /* RFC 6454 7.3 */
		*ret_reason = "more than one Origin";
		return 400;
	}
	return 0;
}

/* The same for version and key; *ret_key is the key. */
static int check_version_and_key(const struct http *h, const char *data,
				 struct span *ret_key, const char **ret_reason)
{
	struct span version;

	if (http_count(h, data, "Sec-WebSocket-Version") > 1) {
		*ret_reason = "more than one Sec-WebSocket-Version"; /* RFC 6455 11.3.5 */
		return 400;
	}
	if (!http_find(h, data, "Sec-WebSocket-Version", &version) ||
	    !span_is(version, SPAN("13"))) {
		*ret_reason = "only version 13 of the WebSocket protocol is spoken here";
		return 426;
	}
	if (http_count(h, data, "Sec-WebSocket-Key") != 1) {
		*ret_reason = "a WebSocket needs one Sec-WebSocket-Key";
		return 400;
	}
	http_find(h, data, "Sec-WebSocket-Key", ret_key);
	if (!is_key(*ret_key)) {
		*ret_reason = "Sec-WebSocket-Key is no base64 of 16 bytes";
		return 400;
	}
	return 0;
}

enum handshake_result handshake_check(const struct http *h, const char *data,
				      const char *const *subprotocols,
				      struct handshake *ret, int *ret_status,
				      const char **ret_reason)
{
	const char *reason = NULL;
	struct offers offers;
	struct span key;
	int status;

	if (!handshake_names(h, data, "Upgrade", SPAN("websocket")))
		return HANDSHAKE_NONE;
	status = check_request(h, data, &reason);
	if (status == 0)
		status = check_version_and_key(h, data, &key, &reason);
	if (status == 0 && !extensions_are_valid(h, data))
		reason = "Sec-WebSocket-Extensions is no list of extensions";
	if (!reason)
		reason = read_offers(h, data, &offers);
	if (reason) {
		*ret_status = status != 0 ? status : 400;
		*ret_reason = reason;
		return HANDSHAKE_BAD;
	}
	*ret = (struct handshake){ .key = key,
				   .subprotocol = choose(subprotocols, &offers) };
	return HANDSHAKE_OK;
}

struct span handshake_offered(const struct http *h, const char *data, const char *name)
{
	const char *const wanted[] = { name, NULL };
	struct offers offers;

	if (read_offers(h, data, &offers))
		return (struct span){ NULL, 0 };
	return choose(wanted, &offers);
}

/* ---- the answer ---- */

void handshake_accept(struct span key, char *out)
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	unsigned char digest[SHA1_SIZE];
	char text[24 + sizeof(guid) - 1];

	assert(key.n == 24);
	memcpy(text, key.p, 24);
	memcpy(text + 24, guid, sizeof(guid) - 1);
	sha1((struct span){ text, sizeof(text) }, digest);
	base64_encode((struct span){ (const char *)digest, sizeof(digest) }, out);
}

/* What stands in the answer, piece by piece. */
struct answer {
	char *out;
	size_t cap, n; /* n >= cap: it did not fit */
};

static void add(struct answer *a, struct span piece)
{
	if (a->n < a->cap && piece.n < a->cap - a->n)
		memcpy(a->out + a->n, piece.p, piece.n);
	a->n += piece.n;
}

static void add_text(struct answer *a, const char *text)
{
	add(a, (struct span){ text, strlen(text) });
}

size_t handshake_answer(const struct handshake *hs, char *out, size_t cap)
{
	struct answer a = { .out = out, .cap = cap };
	char accept[HANDSHAKE_ACCEPT_SIZE + 1];

	handshake_accept(hs->key, accept);
	add(&a, SPAN("HTTP/1.1 101 Switching Protocols\r\n"
		     "Upgrade: websocket\r\n"
		     "Connection: Upgrade\r\n"
		     "Sec-WebSocket-Accept: "));
	add(&a, (struct span){ accept, HANDSHAKE_ACCEPT_SIZE });
	if (hs->subprotocol.n > 0) {
		add_text(&a, "\r\nSec-WebSocket-Protocol: ");
		add(&a, hs->subprotocol);
	}
	add_text(&a, "\r\n");
	add_text(&a, hs->headers ? hs->headers : "");
	add_text(&a, "\r\n");
	if (a.n >= cap)
		return 0;
	out[a.n] = 0;
	return a.n;
}
