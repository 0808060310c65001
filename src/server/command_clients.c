/* SPDX-License-Identifier: MIT */
/* The commands about clients: list, show, disconnect, ping. */
#include "command.h"
#include "command_top.h"
#include "fan.h"
#include "utf8.h"

#define PONG_WAIT 10.0 /* seconds, when ping_timeout sets none */

/* ---- what there is to tell ---- */

json_t *call_json_traffic(const struct traffic *t)
{
	return json_pack("{s:I, s:I}", "messages", (json_int_t)t->messages, "bytes",
			 (json_int_t)t->bytes);
}

static long pid_of(const struct session *s)
{
	return s->hub ? hub_pid(s->hub) : 0;
}

/* How many share what S is connected to; null: it is S's alone, as its path has it. */
static json_t *sharing(const struct session *s)
{
	const struct hub *h = s->hub;

	return h && h->fan && fan_is_for_many(h->fan) ? json_integer(hub_clients(h))
						      : json_null();
}

static json_t *summary(const struct session *s)
{
	json_t *r = json_object();
	char peer[ADDR_TEXT];
	long pid = pid_of(s);

	json_object_set_new(r, "id", json_integer((json_int_t)s->id));
	json_object_set_new(r, "path", call_json_text(s->path));
	json_object_set_new(r, "peer", call_json_text(addr_text(s->peer, peer)));
	json_object_set_new(r, "user", s->user ? call_json_text(s->user) : json_null());
	json_object_set_new(r, "state", json_string(session_state_name(s)));
	json_object_set_new(r, "seconds", json_real(s->bridge->now - s->opened));
	json_object_set_new(r, "in", call_json_traffic(&s->in));
	json_object_set_new(r, "out", call_json_traffic(&s->sent));
	json_object_set_new(r, "queue", json_integer((json_int_t)session_queued(s)));
	json_object_set_new(r, "pid", pid ? json_integer(pid) : json_null());
	json_object_set_new(r, "clients", sharing(s));
	return r;
}

double command_rate(struct session *s)
{
	return rate_look(&s->rate, s->bridge->now, s->in.bytes + s->sent.bytes);
}

json_t *command_list_client(struct session *s)
{
	json_t *r = summary(s);

	json_object_set_new(r, "rate", json_integer((json_int_t)command_rate(s)));
	return r;
}

/* ---- many clients ---- */

void call_walk(struct call *c, enum call_state state)
{
	bridge_walk_begin(&c->server->bridge, &c->walk);
	c->work = c; /* the walk is to be ended */
	c->state = state;
}

void command_walk_end(struct call *c)
{
	if (c->work)
		bridge_walk_end(&c->walk);
	c->work = NULL;
}

struct session *call_next(struct call *c, const char *name, unsigned *left)
{
	struct session *s;

	if (*left < CALL_PER_STEP && turn_is_long(&c->server->bridge.turn))
		*left = 0;
	while (*left > 0 && (s = bridge_walk_next(&c->walk))) {
		--*left;
		if (call_means(c, name, s))
			return s;
	}
	return NULL;
}

void command_list(struct call *c)
{
	if (call_text(c, "sort", NULL))
		command_top(c);
	else
		call_walk(c, CALL_ROWS);
}

void command_list_end(struct call *c)
{
	if (call_text(c, "sort", NULL))
		command_top_end(c);
	else
		command_walk_end(c);
}

/* A page of the list: `limit` clients behind the first `skip` of them. */
json_t *command_list_row(struct call *c, bool *ret_later)
{
	size_t skip = (size_t)call_number(c, "skip", 0);
	size_t limit = (size_t)call_number(c, "limit", INT64_MAX);
	unsigned left = CALL_PER_STEP;
	struct session *s;

	if (call_text(c, "sort", NULL))
		return command_top_row(c, ret_later);
	if (c->at >= skip && c->at - skip >= limit)
		return NULL;
	do
		s = call_next(c, "path", &left);
	while (s && c->at++ < skip);
	*ret_later = left == 0;
	return s ? command_list_client(s) : NULL;
}

/* ---- one client ---- */

static json_t *seconds_or_null(double seconds)
{
	return seconds >= 0 ? json_real(seconds) : json_null();
}

static void set_asked(json_t *r, const struct session *s)
{
	static const char *const names[ASKED_COUNT] = {
		[ASKED_URI] = "uri",
		[ASKED_HOST] = "host",
		[ASKED_ORIGIN] = "origin",
		[ASKED_SUBPROTOCOL] = "subprotocol",
	};

	for (unsigned i = 0; i < ASKED_COUNT; i++) {
		const char *text = session_asked_text(s->asked, i);

		json_object_set_new(r, names[i],
				    *text ? call_json_text(text) : json_null());
	}
}

/* The address that the client has connected to. */
static json_t *local_of(const struct session *s)
{
	struct addr at = { .len = sizeof(at.un) };
	char text[ADDR_TEXT];

	if (getsockname(s->client.io.fd, &at.sa, &at.len) < 0)
		return json_null();
	return call_json_text(addr_text(&at, text));
}

/* What it is connected to, when that is no program. */
static json_t *service_of(const struct session *s)
{
	const struct addr *at = s->hub ? hub_service(s->hub) : NULL;
	char text[ADDR_TEXT];

	return at ? call_json_text(addr_text(at, text)) : json_null();
}

void command_show(struct call *c)
{
	struct session *s = call_client(c);
	json_t *r;
	double timeout;

	if (!s)
		return;
	r = summary(s);
	timeout = s->conf->send_timeout > 0 ? s->conf->send_timeout : -1;
	set_asked(r, s);
	json_object_set_new(r, "local", local_of(s));
	json_object_set_new(r, "via", s->via ? call_json_text(s->via) : json_null());
	json_object_set_new(r, "tls", json_boolean(s->client.tls));
	json_object_set_new(r, "service", service_of(s));
	json_object_set_new(r, "discarded", call_json_traffic(&s->in_discarded));
	json_object_set_new(r, "dropped", call_json_traffic(&s->dropped));
	json_object_set_new(r, "round_trip", seconds_or_null(s->round_trip));
	json_object_set_new(r, "idle", json_real(s->bridge->now - s->last_data));
	json_object_set_new(r, "to_program",
			    json_integer(s->hub ? (json_int_t)hub_kept(s->hub) : 0));
	json_object_set_new(r, "reading", json_boolean(!s->reading_paused));
	json_object_set_new(r, "input_ended", json_boolean(s->input_ended));
	json_object_set_new(r, "send_timeout", seconds_or_null(timeout));
	call_succeed(c, r);
}

/* ---- disconnect ---- */

static bool code_and_reason(struct call *c, unsigned *ret_code, const char **ret_reason)
{
	json_int_t code = call_number(c, "code", CLOSE_NORMAL);
	const char *reason = call_text(c, "reason", "");

	if (code > 4999 || !ws_close_code_valid((unsigned)code)) {
		call_fail(c, CALL_PARAMS,
			  "code %lld may not be sent (RFC 6455 7.4); 1000, or 3000 to "
			  "4999",
			  (long long)code);
		return false;
	}
	if (strlen(reason) > FRAME_CONTROL_MAX - 2) {
		call_fail(c, CALL_PARAMS,
			  "reason: %zu bytes are too long, a close frame holds 123",
			  strlen(reason));
		return false;
	}
	*ret_code = (unsigned)code;
	*ret_reason = reason;
	return true;
}

void call_count(struct call *c, const char *name)
{
	json_t *n;

	if (!c->result)
		c->result = json_object();
	n = json_object_get(c->result, name);
	json_object_set_new(c->result, name, json_integer(json_integer_value(n) + 1));
}

void call_counted(struct call *c, const char *name)
{
	json_t *result = c->result;

	c->result = NULL;
	call_succeed(c, result ? result : json_pack("{s:i}", name, 0));
}

static void disconnect(struct session *s, unsigned code, const char *reason)
{
	session_close(s, code, reason, CLOSED_BY_SERVER);
	session_proceed(s);
}

/* The open client that C alone means; NULL: it means many and walks through them, or has
 * failed. */
static struct session *one_client(struct call *c)
{
	struct session *s = NULL;

	if (call_means_one(c, "to"))
		s = call_client(c);
	else
		call_walk(c, CALL_STEPS);
	if (!s || s->state == SESSION_OPEN)
		return s;
	call_fail(c, CALL_CLOSING, "client %llu is closing", (unsigned long long)s->id);
	return NULL;
}

void command_disconnect(struct call *c)
{
	const char *reason;
	struct session *s;
	unsigned code;

	if (!code_and_reason(c, &code, &reason))
		return;
	s = one_client(c);
	if (!s)
		return;
	disconnect(s, code, reason);
	call_succeed(c, json_pack("{s:i}", "closed", 1));
}

void command_disconnect_step(struct call *c)
{
	unsigned left = CALL_PER_STEP, code = CLOSE_NORMAL;
	const char *reason = "";
	struct session *s;

	if (!code_and_reason(c, &code, &reason))
		return;
	while ((s = call_next(c, "to", &left)))
		if (s->state == SESSION_OPEN) {
			disconnect(s, code, reason);
			call_count(c, "closed");
		}
	if (left > 0)
		call_counted(c, "closed");
}

/* ---- ping ---- */

void command_ping(struct call *c)
{
	struct session *s = one_client(c);

	if (!s)
		return;
	call_wait(c, s, s->conf->ping_timeout > 0 ? s->conf->ping_timeout : PONG_WAIT);
	session_ping(s);
}

void command_ping_step(struct call *c)
{
	unsigned left = CALL_PER_STEP;
	struct session *s;

	while ((s = call_next(c, "to", &left)))
		if (s->state == SESSION_OPEN) {
			session_ping(s);
			call_count(c, "pinged");
		}
	if (left > 0)
		call_counted(c, "pinged");
}
