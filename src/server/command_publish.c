/* SPDX-License-Identifier: MIT */
/* The command that speaks in a channel. */
#include <string.h>

#include "attach.h"
#include "command.h"

/* A path with the channel NAME; NULL: there is none. */
static const struct path_conf *path_of(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->npaths; i++)
		if (conf->paths[i]->channel && strcmp(conf->paths[i]->channel, name) == 0)
			return conf->paths[i];
	return NULL;
}

/* May MESSAGE go to H?  Else C has failed. */
static bool fits(struct call *c, const struct hub *h, struct span message)
{
	size_t most = h->conf->framing.max_message;

	if (message.n > most)
		call_fail(c, CALL_PARAMS, "the message is over max_message (%zu bytes)",
			  most);
	else if (hub_kept(h) > h->conf->queue / 2)
		call_fail(c, CALL_FULL,
			  "%zu bytes wait for the channel already; try again, or raise "
			  "queue",
			  hub_kept(h));
	else
		return true;
	return false;
}

/* As a client's message would go. */
static void say(struct hub *h, enum opcode opcode, struct span message)
{
	const struct ws_event e = {
		.type = WS_DATA,
		.opcode = opcode,
		.first = true,
		.last = true,
		.p = (char *)message.p, /* a channel only reads it */
		.n = message.n,
	};

	gather_reset(&h->bridge->scratch.gather);
	(void)hub_input(h, NULL, &e); /* and refuses none */
	hub_flush(h);
}

void command_publish(struct call *c)
{
	const char *name = call_text(c, "channel", "");
	struct hub *h = attach_channel(c->server, name);
	bool text = json_object_get(c->params, "text");
	bool coded = json_object_get(c->params, "base64");
	enum opcode opcode;
	struct span message;

	if (text == coded) {
		call_fail(c, CALL_PARAMS, "give text, or base64");
		return;
	}
	if (!command_message(c, &opcode, &message))
		return;
	if (!h && !path_of(c->server->routes->conf, name)) {
		call_fail(c, CALL_NO_CHANNEL,
			  "there is no channel %s: no path has channel = %s", name, name);
		return;
	}
	if (h && !fits(c, h, message))
		return;
	if (h)
		say(h, opcode, message);
	call_succeed(c, json_pack("{s:i}", "clients", (int)hub_clients(h)));
}
