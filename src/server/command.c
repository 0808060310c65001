/* SPDX-License-Identifier: MIT */
/* The table of control commands, and the life of a call of one. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "command_params.h"
#include "json_memory.h"
#include "log.h"
#include "nearest.h"

/* clang-format off */
const struct command commands[] = {
	{ "version", "Tell the daemon's version and pid.",
	  .needs = RIGHTS_VIEW,
	  .start = command_version },
	{ "status", "Tell how the daemon is: listeners, clients, programs, uptime.",
	  .needs = RIGHTS_VIEW,
	  .start = command_status },
	{ "list", "List the clients, the newest first or by sort; with path only those of "
		  "that path, at most limit of them, without the first skip.",
	  .needs = RIGHTS_VIEW,
	  .params = { { "path", PARAM_PATH, false }, { "limit", PARAM_NUMBER, false },
		      { "skip", PARAM_NUMBER, false }, { "sort", PARAM_TEXT, false } },
	  .start = command_list, .row = command_list_row, .end = command_list_end },
	{ "show", "Tell everything about one client.",
	  .needs = RIGHTS_VIEW,
	  .params = { { "to", PARAM_CLIENT, true } },
	  .start = command_show },
	{ "disconnect", "Close clients by a close frame with code and reason, behind what "
			"waits for them.",
	  .needs = RIGHTS_OPERATE, .changes = true,
	  .params = { { "to", PARAM_TARGET, true }, { "code", PARAM_NUMBER, false },
		      { "reason", PARAM_TEXT, false } },
	  .start = command_disconnect, .step = command_disconnect_step,
	  .end = command_walk_end },
	{ "ping", "Ping clients; of one alone wait for the pong and tell the round trip.",
	  .needs = RIGHTS_OPERATE,
	  .params = { { "to", PARAM_TARGET, true } },
	  .start = command_ping, .step = command_ping_step, .end = command_walk_end },
	{ "send", "Send a binary message to clients.",
	  .needs = RIGHTS_ALL, .changes = true,
	  .params = { { "to", PARAM_TARGET, true }, { "base64", PARAM_TEXT, true } },
	  .start = command_send, .step = command_send_step, .end = command_walk_end },
	{ "send-text", "Send a text message to clients.",
	  .needs = RIGHTS_ALL, .changes = true,
	  .params = { { "to", PARAM_TARGET, true }, { "text", PARAM_DATA, true } },
	  .start = command_send, .step = command_send_step, .end = command_walk_end },
	{ "publish", "Send a message, text or base64, to all clients of a channel.",
	  .needs = RIGHTS_ALL, .changes = true,
	  .params = { { "channel", PARAM_TEXT, true }, { "text", PARAM_DATA, false },
		      { "base64", PARAM_TEXT, false } },
	  .start = command_publish },
	{ "send-file", "Send the open file that comes with the request as one message.",
	  .needs = RIGHTS_ALL, .changes = true,
	  .params = { { "to", PARAM_CLIENT, true }, { "text", PARAM_FLAG, false },
		      { "progress", PARAM_FLAG, false } },
	  .start = command_send_file, .end = command_file_end },
	{ "interrupt", "Drop what waits for clients; a message that has begun ends early.",
	  .needs = RIGHTS_OPERATE, .changes = true,
	  .params = { { "to", PARAM_TARGET, true } },
	  .start = command_interrupt, .step = command_interrupt_step,
	  .end = command_walk_end },
	{ "listen", "Close the listening sockets, or that one, or open them again; sessions stay.",
	  .needs = RIGHTS_ALL, .changes = true,
	  .params = { { "on", PARAM_FLAG, true }, { "listener", PARAM_TEXT, false } },
	  .start = command_listen },
	{ "shutdown", "Stop the daemon, as SIGTERM does; within this many seconds.",
	  .needs = RIGHTS_ALL, .changes = true,
	  .params = { { "timeout", PARAM_NUMBER, false } },
	  .start = command_shutdown },
	{ "get", "Tell a setting's value, where it comes from, and what it may be.",
	  .needs = RIGHTS_ALL,
	  .params = { { "key", PARAM_TEXT, true } },
	  .start = command_get },
	{ "set", "Change a setting until the next reload, and tell when it applies.",
	  .needs = RIGHTS_ALL,
	  .params = { { "key", PARAM_TEXT, true }, { "value", PARAM_VALUE, true } },
	  .start = command_set, .end = command_wait_end },
	{ "keys", "List all settings.",
	  .needs = RIGHTS_ALL,
	  .start = command_keys, .row = command_keys_row },
	{ "events", "Follow what happens, from now on; with filters (name=value) only that.",
	  .needs = RIGHTS_VIEW,
	  .params = { { "filter", PARAM_WORDS, false } },
	  .start = command_events },
	{ "reload", "Read the configuration again; all of it is taken, or nothing.",
	  .needs = RIGHTS_ALL, .changes = true,
	  .start = command_reload, .end = command_wait_end },
};
/* clang-format on */

const size_t ncommands = sizeof(commands) / sizeof(*commands);

/* ---- the end of a call ---- */

static void stop_waiting(struct call *c)
{
	if (c->state != CALL_WAITS)
		return;
	ev_timer_stop(c->server->loop, &c->deadline);
	LIST_REMOVE(c, link);
	c->session = NULL;
}

/* Those that ended while they waited are looked at by their owner. */
static void ended(struct call *c)
{
	bool waited = c->state == CALL_WAITS;

	stop_waiting(c);
	if (c->command && c->command->end && c->state != CALL_NEW)
		c->command->end(c);
	c->state = CALL_ENDED;
	if (waited)
		c->changed(c);
}

void call_succeed(struct call *c, json_t *result)
{
	if (json_memory_lacked() || !result) {
		json_decref(result);
		call_fail(c, CALL_INTERNAL, "out of memory");
		return;
	}
	c->result = result;
	c->code = 0;
	ended(c);
}

void call_fail(struct call *c, enum call_error code, const char *fmt, ...)
{
	va_list ap;

	c->code = code;
	va_start(ap, fmt);
	vsnprintf(c->text, sizeof(c->text), fmt, ap);
	va_end(ap);
	ended(c);
}

void call_free(struct call *c)
{
	stop_waiting(c);
	if (c->command && c->command->end &&
	    (c->state != CALL_NEW && c->state != CALL_ENDED))
		c->command->end(c);
	free(c->bytes);
	json_decref(c->params);
	json_decref(c->result);
	json_decref(c->data);
	if (c->fd >= 0)
		close(c->fd);
}

json_t *call_json_text(const char *text)
{
	json_t *v = json_string(text);
	char printable[1024];

	if (v)
		return v;
	log_printable(printable, sizeof(printable), text, strlen(text));
	return json_string(printable);
}

/* ---- waiting ---- */

static void on_deadline(EV_P_ ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	call_fail(w->data, CALL_TIMEOUT, "no answer in time");
}

void call_wait(struct call *c, struct session *session, double seconds)
{
	c->state = CALL_WAITS;
	c->session = session;
	ev_timer_init(&c->deadline, on_deadline, seconds, 0);
	c->deadline.data = c;
	if (seconds > 0)
		ev_timer_start(c->server->loop, &c->deadline);
	LIST_INSERT_HEAD(&c->server->calls, c, link);
}

void call_wait_for(struct call *c, struct call_waiter *w)
{
	w->call = c;
	c->work = w;
	call_wait(c, NULL, 0);
}

void command_wait_end(struct call *c)
{
	struct call_waiter *w = c->work;

	w->call = NULL;
}

void calls_ponged(struct server *s, const struct session *session)
{
	struct call *c, *next;

	for (c = LIST_FIRST(&s->calls); c; c = next) {
		next = LIST_NEXT(c, link);
		if (c->session == session)
			call_succeed(c, json_pack("{s:I, s:f}", "id",
						  (json_int_t)session->id, "round_trip",
						  session->round_trip));
	}
}

void calls_session_ended(struct server *s, const struct session *session)
{
	struct call *c, *next;

	for (c = LIST_FIRST(&s->calls); c; c = next) {
		next = LIST_NEXT(c, link);
		if (c->session == session)
			call_fail(c, CALL_NO_CLIENT, "client %llu has gone",
				  (unsigned long long)session->id);
	}
}

/* ---- the begin ---- */

static void unknown(struct call *c, const char *name)
{
	const char *meant;
	struct nearest n;

	nearest_init(&n, name);
	for (size_t i = 0; i < ncommands; i++)
		nearest_offer(&n, commands[i].name);
	meant = nearest_found(&n);
	if (meant)
		call_fail(c, CALL_METHOD, "unknown command '%.60s'; did you mean '%s'?",
			  name, meant);
	else
		call_fail(c, CALL_METHOD,
			  "unknown command '%.60s'; see wsbridge-control(7)", name);
}

/* Who did what to whom; never the data. */
static void log_use(const struct call *c)
{
	const json_t *to = json_object_get(c->params, "to");
	bool by_web = c->rights < RIGHTS_ALL && c->command->needs > RIGHTS_VIEW;
	char target[80] = "", text[LOG_LINE_MAX];

	if (json_is_integer(to))
		snprintf(target, sizeof(target), " %lld",
			 (long long)json_integer_value(to));
	else if (json_is_string(to))
		snprintf(target, sizeof(target), " %.70s", json_string_value(to));
	if (!by_web && c->command->changes) {
		log_info("", "control: %s%s by %s", c->command->name, target, c->who);
	} else if (!by_web) {
		log_debug("", "control: %s%s by %s", c->command->name, target, c->who);
	} else { /* each of them; the WebSocket's message_rate bounds their number */
		snprintf(text, sizeof(text), "%s%s by %s", c->command->name, target,
			 c->who);
		log_event(LOG_LEVEL_INFO, "",
			  &(struct log_event){ .name = "control",
					       .message = { text, strlen(text) },
					       .unlimited = true });
	}
}

/* A row that does not say what it needs is nobody's. */
bool call_may(const struct call *c, const struct command *command)
{
	return command->needs > RIGHTS_NONE && c->rights >= command->needs;
}

static bool is_allowed(struct call *c)
{
	if (call_may(c, c->command))
		return true;
	log_info("", "control: %s by %s is refused", c->command->name, c->who);
	if (c->command->needs == RIGHTS_OPERATE)
		call_fail(c, CALL_RIGHTS,
			  "%s is not allowed here; it takes dashboard = operate",
			  c->command->name);
	else
		call_fail(c, CALL_RIGHTS, "%s is not given over the web; use wsbridgectl",
			  c->command->name);
	return false;
}

void call_start(struct call *c, const char *name, json_t *params)
{
	c->state = CALL_NEW;
	c->params = params;
	for (size_t i = 0; i < ncommands && !c->command; i++)
		if (strcmp(commands[i].name, name) == 0)
			c->command = &commands[i];
	if (!c->command) {
		unknown(c, name);
		return;
	}
	if (!is_allowed(c) || !command_params_check(c))
		return;
	if (json_memory_lacked()) { /* a parameter may be missing */
		call_fail(c, CALL_INTERNAL, "out of memory");
		return;
	}
	log_use(c);
	c->command->start(c);
}

void call_step(struct call *c)
{
	c->command->step(c);
}

json_t *call_row(struct call *c)
{
	bool later = false;
	json_t *row = c->command->row(c, &later);

	if (!row && !later)
		ended(c);
	return row;
}
