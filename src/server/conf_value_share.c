/* SPDX-License-Identifier: MIT */
/* Parsers of what several clients of one program have in common. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "conf_keys.h"
#include "conf_value.h"
#include "num.h"

/* What parameters and cookies can be called that need no escapes anywhere. */
#define KEY_NAME                                               \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" \
	"0123456789_-."
#define KEY_NAME_MOST 40

static bool is_key_name(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n <= KEY_NAME_MOST && strspn(name, KEY_NAME) == n;
}

/* query:NAME, cookie:NAME, user. */
int conf_parse_session_key(const struct conf_value *v)
{
	struct session_key_conf *k = v->field;
	size_t n = strcspn(v->text, ":");
	const char *name = v->text[n] ? v->text + n + 1 : "";
	struct span from = { v->text, n };

	*k = (struct session_key_conf){ 0 };
	if (!*v->text)
		return 0;
	if (span_is(from, SPAN("query")))
		k->from = SESSION_KEY_QUERY;
	else if (span_is(from, SPAN("cookie")))
		k->from = SESSION_KEY_COOKIE;
	else if (strcmp(v->text, "user") == 0)
		k->from = SESSION_KEY_USER;
	if (k->from == SESSION_KEY_NONE ||
	    (k->from != SESSION_KEY_USER && !is_key_name(name)))
		return conf_value_wrong(v, "%.60s is not query:NAME, cookie:NAME or user",
					v->text);
	k->name = conf_mem_text(v->mem, name, strlen(name));
	return k->name ? 0 : -ENOMEM;
}

/* 20: messages; 64k: bytes. */
int conf_parse_replay(const struct conf_value *v)
{
	char wrong[NUM_ERR];
	struct replay_conf *r = v->field;
	bool messages = strspn(v->text, "0123456789") == strlen(v->text);
	size_t n;

	if (num_size(v->text, 0, (size_t)v->key->max, &n, wrong) < 0)
		return conf_value_wrong(v, "%s", wrong);
	*r = (struct replay_conf){ .messages = messages ? n : 0, .bytes = n };
	if (messages && n > 0)
		r->bytes = SIZE_MAX; /* conf_share_settle() knows how many */
	return 0;
}
