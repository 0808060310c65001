/* SPDX-License-Identifier: MIT */
/* The commands that send messages to clients. */
#include <errno.h>
#include <stdlib.h>

#include "base64.h"
#include "command.h"

/* ---- what ---- */

bool command_message(struct call *c, enum opcode *ret_opcode, struct span *ret)
{
	const json_t *text = json_object_get(c->params, "text");
	const json_t *coded = json_object_get(c->params, "base64");
	struct span in;
	long n = 0;

	*ret_opcode = text ? OP_TEXT : OP_BINARY;
	if (text) {
		*ret = (struct span){ json_string_value(text), json_string_length(text) };
		return true;
	}
	in = (struct span){ json_string_value(coded), json_string_length(coded) };
	if (!c->bytes)
		c->bytes = malloc(in.n + 1);
	if (in.n > 0 && c->bytes)
		n = base64_decode(in, c->bytes, in.n);
	if (n < 0 || !c->bytes) {
		call_fail(c, CALL_PARAMS, "base64 is not base64 with its padding");
		return false;
	}
	*ret = (struct span){ c->bytes, (size_t)n };
	return true;
}

/* ---- to whom ---- */

static void send_to_one(struct call *c, enum opcode opcode, struct span message)
{
	struct session *s = call_client(c);
	int r = s ? session_send(s, opcode, message.p, message.n) : 0;

	if (!s)
		return;
	if (r == -ESHUTDOWN)
		call_fail(c, CALL_CLOSING, "client %llu is closing",
			  (unsigned long long)s->id);
	else if (r == -ENOBUFS)
		call_fail(c, CALL_FULL,
			  "client %llu: %zu bytes wait for it already; try again, raise "
			  "queue, or interrupt it",
			  (unsigned long long)s->id, session_queued(s));
	else if (r < 0)
		call_fail(c, CALL_INTERNAL, "out of memory");
	else
		call_succeed(c, json_pack("{s:i}", "sent", 1));
}

void command_send(struct call *c)
{
	enum opcode opcode;
	struct span message;

	if (!command_message(c, &opcode, &message))
		return;
	if (call_means_one(c, "to"))
		send_to_one(c, opcode, message);
	else
		call_walk(c, CALL_STEPS);
}

void command_send_step(struct call *c)
{
	unsigned left = CALL_PER_STEP;
	enum opcode opcode;
	struct span message;
	struct session *s;

	if (!command_message(c, &opcode, &message))
		return;
	while ((s = call_next(c, "to", &left)))
		call_count(c, session_send(s, opcode, message.p, message.n) == 0
				      ? "sent"
				      : "refused");
	if (left > 0)
		call_counted(c, "sent");
}
