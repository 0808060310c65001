/* SPDX-License-Identifier: MIT */
/* The table of events, and who is told of one. */
#include <string.h>

#include "event.h"

/* clang-format off */
#define FIELD(a_name, a_type) { .name = (a_name), .type = (a_type) }
#define OPTIONAL(a_name, a_type) { .name = (a_name), .type = (a_type), .optional = true }
#define FAILURE(a_name) { .name = (a_name), .type = LOG_TEXT, .optional = true, .failure = true }

const struct event_row event_rows[EVENTS] = {
	[EVENT_STARTUP] = { .name = "startup", LOG_LEVEL_DEBUG,
		"The daemon runs.",
		{ FIELD("version", LOG_WORD), FIELD("pid", LOG_NUMBER), FIELD("file", LOG_TEXT) } },
	[EVENT_LISTENING] = { .name = "listening", LOG_LEVEL_DEBUG,
		"It takes clients from now on, or with on=no none any more.",
		{ FIELD("on", LOG_FLAG), FIELD("addresses", LOG_TEXT) } },
	[EVENT_RELOAD] = { .name = "reload", LOG_LEVEL_DEBUG,
		"The configuration was read again, and is in force unless taken=no.",
		{ FIELD("taken", LOG_FLAG), FIELD("file", LOG_TEXT) } },
	[EVENT_SHUTDOWN] = { .name = "shutdown", LOG_LEVEL_DEBUG,
		"The daemon begins to stop, and will be gone within timeout.",
		{ FIELD("sessions", LOG_NUMBER), FIELD("timeout", LOG_SECONDS) } },
	[EVENT_CONNECTION_REQUEST] = { .name = "connection_request", LOG_LEVEL_DEBUG,
		"Somebody connects, before TLS and HTTP; with accepted=no it gets no session.",
		{ FIELD("peer", LOG_WORD), FIELD("accepted", LOG_FLAG),
		  OPTIONAL("reason", LOG_TEXT) } },
	[EVENT_SSL_STEP] = { .name = "ssl_step", LOG_LEVEL_DEBUG,
		"The TLS handshake goes on, or an alert ends it.",
		{ FIELD("step", LOG_TEXT) } },
	[EVENT_SSL_STATUS] = { .name = "ssl_status", LOG_LEVEL_INFO,
		"The TLS handshake is over; with error it has failed.",
		{ OPTIONAL("version", LOG_WORD), OPTIONAL("cipher", LOG_WORD),
		  FIELD("bits", LOG_NUMBER), FIELD("resumed", LOG_FLAG),
		  OPTIONAL("server_name", LOG_TEXT), FAILURE("error") },
		.access = true },
	[EVENT_SSL_CLIENT_AUTHENTICATION] = { .name = "ssl_client_authentication", LOG_LEVEL_INFO,
		"The client has shown a certificate that is accepted.",
		{ FIELD("verify", LOG_WORD), FIELD("subject", LOG_TEXT),
		  FIELD("issuer", LOG_TEXT), FIELD("fingerprint", LOG_WORD) } },
	[EVENT_WEBSOCKET_OPEN_REQUEST] = { .name = "websocket_open_request", LOG_LEVEL_DEBUG,
		"A client asks for the WebSocket of a path; Origin, limits and hook decide.",
		{ FIELD("peer", LOG_WORD), FIELD("user", LOG_WORD), FIELD("host", LOG_TEXT),
		  FIELD("origin", LOG_TEXT), FIELD("subprotocols", LOG_TEXT),
		  OPTIONAL("via", LOG_WORD) } },
	[EVENT_CONNECTED] = { .name = "connected", LOG_LEVEL_DEBUG,
		"The WebSocket is open.",
		{ FIELD("peer", LOG_WORD), FIELD("user", LOG_WORD), FIELD("subprotocol", LOG_TEXT),
		  OPTIONAL("via", LOG_WORD) } },
	[EVENT_READY_TO_SEND] = { .name = "ready_to_send", LOG_LEVEL_DEBUG,
		"The client can be sent to: it is new, or most of what waited for it is gone.",
		{ FIELD("queue", LOG_NUMBER) } },
	[EVENT_DATA_IN] = { .name = "data_in", LOG_LEVEL_DEBUG,
		"Data of the client has come, a message or with fin=no a piece of one.",
		{ FIELD("opcode", LOG_WORD), FIELD("bytes", LOG_NUMBER), FIELD("fin", LOG_FLAG) } },
	[EVENT_PONG] = { .name = "pong", LOG_LEVEL_DEBUG,
		"The client has answered a ping.",
		{ FIELD("round_trip", LOG_LATENCY) } },
	[EVENT_ERROR] = { .name = "error", LOG_LEVEL_DEBUG,
		"Something went wrong on a connection, which ends; once for each.",
		{ FIELD("code", LOG_NUMBER), FIELD("text", LOG_TEXT) } },
	[EVENT_DISCONNECTED] = { .name = "disconnected", LOG_LEVEL_INFO,
		"A session has ended.",
		{ FIELD("peer", LOG_WORD), FIELD("user", LOG_WORD), FIELD("seconds", LOG_SECONDS),
		  FIELD("in", LOG_TRAFFIC), FIELD("out", LOG_TRAFFIC),
		  FIELD("discarded", LOG_TRAFFIC), FIELD("dropped", LOG_TRAFFIC),
		  FIELD("code", LOG_NUMBER),
		  FIELD("by", LOG_WORD), FIELD("reason", LOG_TEXT), FIELD("process", LOG_TEXT),
		  FIELD("round_trip", LOG_LATENCY), OPTIONAL("via", LOG_WORD) },
		.access = true },
};
/* clang-format on */

unsigned event_bits = 1u << EVENT_DISCONNECTED;

static unsigned logged = 1u << EVENT_DISCONNECTED;
static bool with_access = true;
static LIST_HEAD(, event_follower) followers = LIST_HEAD_INITIALIZER(followers);

/* ---- who wants what ---- */

static void count_bits(void)
{
	struct event_follower *f;

	event_bits = logged;
	LIST_FOREACH(f, &followers, link)
		event_bits |= f->bits;
}

void event_log(bool access)
{
	logged = 0;
	with_access = access;
	for (unsigned e = 0; e < EVENTS; e++)
		if (log_is_on(event_rows[e].level))
			logged |= 1u << e;
	count_bits();
}

void event_follow(struct event_follower *f)
{
	LIST_INSERT_HEAD(&followers, f, link);
	count_bits();
}

void event_unfollow(struct event_follower *f)
{
	LIST_REMOVE(f, link);
	count_bits();
}

/* ---- an event ---- */

void event_tell(enum event e, const char *who, const union log_value *values)
{
	const struct event_row *row = &event_rows[e];
	struct log_field fields[EVENT_FIELDS];
	/* Unlimited: accept_rate bounds their number, or they are for debugging. */
	struct log_event event = { .name = row->name,
				   .fields = fields,
				   .unlimited = true };
	struct event_follower *f;

	for (size_t i = 0; i < EVENT_FIELDS && row->fields[i].name; i++) {
		if (row->fields[i].optional && !values[i].text)
			continue;
		fields[event.nfields++] =
			(struct log_field){ row->fields[i].name, row->fields[i].type,
					    values[i] };
		/* A client can have a failure as often as it likes. */
		if (row->fields[i].failure)
			event.unlimited = false;
	}
	if (logged & 1u << e && (with_access || !row->access || !event.unlimited))
		log_event(row->level, who, &event);
	LIST_FOREACH(f, &followers, link)
		if (f->bits & 1u << e)
			f->told(f, row->level, who, &event);
}

/* ---- names ---- */

enum event event_find(const char *name)
{
	unsigned e = 0;

	while (e < EVENTS && strcmp(event_rows[e].name, name) != 0)
		e++;
	return (enum event)e;
}

static bool has_field(const struct event_row *row, const char *name)
{
	for (size_t i = 0; i < EVENT_FIELDS && row->fields[i].name; i++)
		if (strcmp(row->fields[i].name, name) == 0)
			return true;
	return false;
}

bool event_field_known(const char *name)
{
	for (unsigned e = 0; e < EVENTS; e++)
		if (has_field(&event_rows[e], name))
			return true;
	return strcmp(name, "event") == 0 || strcmp(name, "id") == 0 ||
	       strcmp(name, "path") == 0;
}
