/* SPDX-License-Identifier: MIT */
/* The command set: a setting is changed until the next reload. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command_settings.h"
#include "log.h"
#include "reload.h"

/* "17.receive": not a setting of the file, but a client's. */
static bool set_receive(struct call *c, const char *name, const char *value)
{
	char *end;
	unsigned long long id = strtoull(name, &end, 10);
	struct session *s;
	bool on = strcmp(value, "on") == 0;

	if (end == name || strcmp(end, ".receive") != 0)
		return false;
	s = bridge_find(&c->server->bridge, id);
	if (!s) {
		call_fail(c, CALL_NO_CLIENT, "there is no client %llu", id);
	} else if (!on && strcmp(value, "off") != 0) {
		call_fail(c, CALL_VALUE, "receive = %.60s is not on or off", value);
	} else {
		session_hold(s, !on);
		call_succeed(c, json_pack("{s:s, s:s, s:s}", "key", name, "value", value,
					  "applies", "now"));
	}
	return true;
}

/* May it be set at all? */
static bool may_set(struct call *c, const struct setting *s, const char *value)
{
	if (c->server->state != SERVER_RUNNING)
		call_fail(c, CALL_STOPPING, "the daemon is stopping");
	else if (!c->server->from_file)
		call_fail(c, CALL_VALUE, "the configuration is a command line");
	else if (setting_is_of_file(s->key))
		call_fail(c, CALL_VALUE, "%s is changed in the file alone: then reload",
			  s->key->name);
	else if (s->key->flags & CONF_RESTART)
		call_fail(c, CALL_VALUE, "%s is changed in the file alone: then restart",
			  s->key->name);
	else if (strstr(value, "${"))
		call_fail(c, CALL_VALUE, "%s: ${...} stands in the file alone",
			  s->key->name);
	else if (strpbrk(value, "\r\n"))
		call_fail(c, CALL_VALUE, "%s: a value is one line", s->key->name);
	else
		return true;
	return false;
}

/* ---- on its way ---- */

struct set_work {
	struct call_waiter waiter; /* the first member */
	const struct conf_key *key;
	char what[200]; /* for the log; without the value, which can be a secret */
};

/* The first line of TEXT without its "(control): error: ". */
static const char *reason_of(const char *text, char *out, size_t cap)
{
	const char *wrong = text ? strstr(text, "error: ") : NULL;

	wrong = wrong ? wrong + strlen("error: ") : "out of memory";
	snprintf(out, cap, "%.*s", (int)strcspn(wrong, "\n"), wrong);
	return out;
}

static void log_set(const char *what, const char *wrong)
{
	if (wrong)
		log_info("", "control: %s is refused: %s", what, wrong);
	else
		log_info("", "control: %s", what);
}

static void on_set(void *data, bool taken, const char *text)
{
	struct set_work *w = data;
	struct call *c = w->waiter.call;
	char wrong[CALL_TEXT];

	if (!taken)
		reason_of(text, wrong, sizeof(wrong));
	log_set(w->what, taken ? NULL : wrong);
	if (c && taken)
		call_succeed(c,
			     json_pack("{s:s, s:s, s:s}", "key", call_text(c, "key", ""),
				       "value", call_text(c, "value", ""), "applies",
				       setting_applies(w->key)));
	else if (c)
		call_fail(c, CALL_VALUE, "%s", wrong);
	free(w);
}

/* VALUE is in the key's own unit. */
static void begin_set(struct call *c, const struct setting *s, const char *value,
		      const char *what)
{
	struct set_work *w = calloc(1, sizeof(*w));

	if (w) {
		w->key = s->key;
		snprintf(w->what, sizeof(w->what), "%s", what);
		call_wait_for(c, &w->waiter);
	}
	if (w && reload_set(c->server, s->section, s->key, value, on_set, w))
		return;
	call_fail(c, CALL_INTERNAL, "out of memory");
	c->work = NULL;
	free(w);
}

static void set(struct call *c, const char *what)
{
	const char *name = call_text(c, "key", ""), *value = call_text(c, "value", "");
	char ours[CONF_ALIAS_TEXT], wrong[CONF_ALIAS_ERR];
	struct setting s;

	if (set_receive(c, name, value) || !setting_find(c, &s) || !may_set(c, &s, value))
		return;
	if (s.alias)
		value = conf_alias_read(s.alias, s.key, value, ours, wrong);
	if (value)
		begin_set(c, &s, value, what);
	else
		call_fail(c, CALL_VALUE, "%s", wrong);
}

/* The value stays out of the log, which can be a secret; an error names what is none. */
void command_set(struct call *c)
{
	char what[200];

	snprintf(what, sizeof(what), "set %.100s by %.80s", call_text(c, "key", ""),
		 c->who);
	set(c, what);
	if (c->state == CALL_ENDED && !c->work)
		log_set(what, c->code ? c->text : NULL);
}
