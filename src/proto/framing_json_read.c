/* SPDX-License-Identifier: MIT */
/* frame = json: what a line of a program orders. */
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "framing_json_scan.h"
#include "utf8.h"
#include "ws.h"

/* ---- the members ---- */

static bool read_ids(struct scan *r, const char *wrong, struct span *ret)
{
	bool list = scan_take(r, '[');
	uint64_t id;

	scan_blanks(r);
	ret->p = r->p;
	if (list && scan_take(r, ']'))
		return true;
	do {
		if (!scan_number(r, UINT64_MAX, wrong, &id))
			return false;
	} while (list && scan_take(r, ','));
	ret->n = (size_t)(r->p - ret->p);
	return !list || scan_take(r, ']') || scan_fail(r, wrong);
}

static bool read_to(struct scan *r)
{
	static const char wrong[] = "to is an id, a list of ids or \"all\"";
	struct scan_text s;

	scan_blanks(r);
	if (r->p == r->end || *r->p != '"')
		return read_ids(r, wrong, &r->order->to);
	r->order->to_all = true;
	return scan_string(r, wrong, &s) &&
	       (span_is(s.raw, SPAN("all")) || scan_fail(r, wrong));
}

static bool read_except(struct scan *r)
{
	return read_ids(r, "except is an id or a list of ids", &r->order->except);
}

static bool fits(struct scan *r, size_t n)
{
	return n <= r->max_message || scan_fail(r, "a message over max_message");
}

static bool is_second(struct scan *r, enum opcode opcode)
{
	bool second = r->order->opcode != OP_CONTINUATION;

	r->order->opcode = opcode;
	return second;
}

static bool read_text(struct scan *r)
{
	struct framing_json_order *o = r->order;
	struct scan_text s;

	if (is_second(r, OP_TEXT))
		return scan_fail(r, "text and base64 in one line");
	return scan_string(r, "text is a string", &s) &&
	       scan_settle(r, &s, &o->storage, &o->message) && fits(r, o->message.n);
}

static bool read_base64(struct scan *r)
{
	struct framing_json_order *o = r->order;
	struct scan_text s;
	long n = 0;

	if (is_second(r, OP_BINARY))
		return scan_fail(r, "text and base64 in one line");
	if (!scan_string(r, "base64 is a string", &s) ||
	    !scan_settle(r, &s, &o->storage, &o->message))
		return false;
	if (!o->storage && !(o->storage = malloc(o->message.n + 1)))
		return scan_fail(r, "out of memory");
	if (o->message.n > 0)
		n = base64_decode(o->message, o->storage, o->message.n);
	if (n < 0)
		return scan_fail(r, "base64 that is not (RFC 4648 4)");
	o->message = (struct span){ o->storage, (size_t)n };
	return fits(r, o->message.n);
}

static bool read_close(struct scan *r)
{
	static const char wrong[] = "close is a code that may stand in a close frame";
	uint64_t code;

	if (!scan_number(r, 4999, wrong, &code))
		return false;
	r->order->close = (unsigned)code;
	return ws_close_code_valid(r->order->close) || scan_fail(r, wrong);
}

static bool read_reason(struct scan *r)
{
	char *out = r->order->reason, *storage;
	struct utf8 utf8 = { 0 };
	struct scan_text s;
	struct span text;
	size_t n;

	if (!scan_string(r, "reason is a string", &s) ||
	    !scan_settle(r, &s, &storage, &text))
		return false;
	n = text.n < sizeof(r->order->reason) - 1 ? text.n : sizeof(r->order->reason) - 1;
	n = utf8_check(&utf8, text.p, n) - utf8.have;
	memcpy(out, text.p, n);
	out[n] = 0;
	free(storage);
	return strlen(out) == n || scan_fail(r, "a NUL in the reason");
}

static const struct member {
	const char *name;
	bool (*read)(struct scan *r);
	bool may_be_null; /* ... which says as much as nothing */
} members[] = {
	{ "to", read_to, false },      { "except", read_except, true },
	{ "text", read_text, true },   { "base64", read_base64, true },
	{ "close", read_close, true }, { "reason", read_reason, true },
};

#define SEEN(index) (1U << (index))

static bool read_member(struct scan *r)
{
	struct scan_text name;

	if (!scan_string(r, "a member without its name", &name))
		return false;
	if (!scan_take(r, ':'))
		return scan_fail(r, "a member without its value");
	for (unsigned i = 0; i < sizeof(members) / sizeof(*members); i++) {
		const struct member *m = &members[i];

		if (!span_is(name.raw, (struct span){ m->name, strlen(m->name) }))
			continue;
		if (r->seen & SEEN(i))
			return scan_fail(r, "a member twice");
		r->seen |= SEEN(i);
		return (m->may_be_null && scan_null(r)) || m->read(r);
	}
	return scan_fail(
		r, "a member that is none of to, except, text, base64, close, reason");
}

/* Do the members make an order? */
static bool makes_sense(struct scan *r)
{
	const struct framing_json_order *o = r->order;

	if (!(r->seen & SEEN(0)))
		return scan_fail(r, "nobody that it is for (to)");
	if (o->opcode == OP_CONTINUATION && !o->close)
		return scan_fail(r, "neither text nor base64 nor close");
	return !*o->reason || o->close || scan_fail(r, "a reason without close");
}

static bool read_line(struct scan *r)
{
	if (!scan_take(r, '{'))
		return scan_fail(r, "no JSON object");
	if (!scan_take(r, '}')) {
		do {
			if (!read_member(r))
				return false;
		} while (scan_take(r, ','));
		if (!scan_take(r, '}'))
			return scan_fail(r, "no comma or } behind a value");
	}
	scan_blanks(r);
	if (r->p < r->end)
		return scan_fail(r, "something behind the object");
	return makes_sense(r);
}

const char *framing_json_read(struct span line, size_t max_message,
			      struct framing_json_order *ret)
{
	struct scan r = {
		.p = line.p,
		.end = line.p + line.n,
		.order = ret,
		.max_message = max_message,
	};

	*ret = (struct framing_json_order){ 0 };
	if (!utf8_is_valid(line.p, line.n))
		return "no UTF-8";
	scan_blanks(&r);
	if (r.p < r.end)
		read_line(&r);
	return r.wrong;
}

void framing_json_order_free(struct framing_json_order *o)
{
	free(o->storage);
	o->storage = NULL;
}

bool framing_json_next_id(struct span *ids, uint64_t *ret)
{
	const char *p = ids->p, *end;
	uint64_t id = 0;

	if (ids->n == 0)
		return false;
	end = p + ids->n;
	while (p < end && (*p < '0' || *p > '9'))
		p++;
	if (p == end)
		return false;
	for (; p < end && *p >= '0' && *p <= '9'; p++)
		id = 10 * id + (uint64_t)(*p - '0');
	*ids = (struct span){ p, (size_t)(end - p) };
	*ret = id;
	return true;
}
