/* SPDX-License-Identifier: MIT */
/* What it means for a path's settings that clients share what is behind it. */
#include <string.h>

#include "conf_keys.h"
#include "conf_share.h"
#include "conf_source.h"

/* Does KEY say nothing where each client has a source of its own? */
static bool is_of_many(const struct conf_key *key)
{
	static const char *const names[] = { "linger",          "start",
					     "replay",          "restart",
					     "restart_delay",   "session_key",
					     "session_takeover" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (key->class == CONF_PATH && strcmp(key->name, names[i]) == 0)
			return true;
	return false;
}

bool conf_share_takes(const struct conf_sheet *sheet, const struct conf_section *section,
		      const struct conf_key *key)
{
	const struct conf_key *process = conf_key_find(CONF_PATH, "process");
	const struct conf_slot *said = conf_sheet_effective(sheet, section, process);
	const char *is =
		said ? said->first->raw : conf_sheet_default(sheet, section, process);
	const struct conf_key *source = section ? conf_source_find(section) : NULL;

	if (source && source->source == SOURCE_CHANNEL)
		return true;
	return !is_of_many(key) || strcmp(is, "each") != 0;
}

static void refuse_what_says_nothing(struct conf_load *l,
				     const struct conf_section *section)
{
	for (size_t i = 0; i < conf_nkeys; i++) {
		const struct conf_slot *slot = conf_sheet_slot(section, &conf_keys[i]);

		if (slot->where.file && is_of_many(&conf_keys[i]))
			conf_error(&l->report, slot->where,
				   "%s means nothing with process = each: the program "
				   "goes with its client",
				   conf_keys[i].name);
	}
}

/* Whole messages of the program are held where some may be dropped. */
static void check_limit(struct conf_load *l, const struct conf_section *section,
			const struct path_conf *path)
{
	if (path->hub.slow_client != SLOW_PAUSE && path->session.ws.max_message == 0)
		conf_error(&l->report, section->where,
			   "[%s] holds whole messages of the program (slow_client = "
			   "disconnect or drop): max_message = 0 sets no limit to them",
			   section->name);
}

/* The last messages must not make a client that joins too slow at once. */
static void settle_replay(struct conf_load *l, const struct conf_section *section,
			  struct path_conf *path)
{
	struct replay_conf *r = &path->hub.replay;
	struct conf_origin at = conf_where(l->conf, path, "replay");
	size_t most = path->session.queue / 2;

	if (r->messages == 0 && r->bytes > most)
		conf_error(&l->report, at.file ? at : section->where,
			   "[%s] replay is more than half of queue", section->name);
	if (r->bytes > most)
		r->bytes = most;
}

/* What a program has said to some of its clients is for nobody else. */
static void settle_json(struct conf_load *l, const struct conf_section *section,
			struct path_conf *path)
{
	const struct conf_slot *slot =
		conf_sheet_slot(section, conf_key_find(CONF_PATH, "replay"));

	if (path->frame != FRAME_OF(FRAMING_JSON))
		return;
	if (slot->where.file && path->hub.replay.bytes)
		conf_error(
			&l->report, slot->where,
			"replay means nothing with frame = json: the program knows who "
			"comes, and what to say");
	path->hub.replay = (struct replay_conf){ 0 };
}

/* A session has a key, and nothing else has one. */
static void check_session(struct conf_load *l, const struct conf_section *section,
			  const struct path_conf *path)
{
	bool session = path->hub.process == PROCESS_SESSION;
	bool keyed = path->session_key.from != SESSION_KEY_NONE;
	const char *wrong = NULL;

	if (session && !keyed)
		wrong = "process = session needs a session_key: query:NAME, cookie:NAME or "
			"user";
	else if (session && path->hub.boot)
		wrong = "start = boot means nothing with process = session: there is no key "
			"yet";
	else if (session && path->session_key.from == SESSION_KEY_USER &&
		 !path->auth_name && !l->conf->hooks.on_request)
		wrong = "session_key = user needs auth: nobody is asked who it is";
	else if (!session &&
		 conf_sheet_slot(section, conf_key_find(CONF_PATH, "session_key"))
			 ->where.file &&
		 keyed)
		wrong = "session_key means nothing without process = session";
	if (wrong)
		conf_error(&l->report, section->where, "[%s] %s", section->name, wrong);
}

void conf_share_settle(struct conf_load *l, const struct conf_section *section,
		       struct path_conf *path)
{
	struct hub_conf *hub = &path->hub;
	bool each = hub->process == PROCESS_EACH;

	hub->queue = path->session.queue;
	if (hub->slow_client == SLOW_USUAL)
		hub->slow_client = each ? SLOW_PAUSE : SLOW_DISCONNECT;
	if (each) {
		hub->replay = (struct replay_conf){ 0 };
		check_limit(l, section, path);
		refuse_what_says_nothing(l, section);
		return;
	}
	check_session(l, section, path);
	settle_json(l, section, path);
	settle_replay(l, section, path);
	path->session.ws.whole = true; /* messages of several are not mixed up */
	if (path->eof == EOF_AUTO)
		path->session.eof = false; /* one must not end it for all */
}
