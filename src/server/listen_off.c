/* SPDX-License-Identifier: MIT */
/* Listeners that are told to be off, and on again. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "listen.h"
#include "log.h"
#include "systemd.h"

bool listen_is_off(const struct server *s, const char *text)
{
	for (size_t i = 0; i < s->noff; i++)
		if (!s->off[i].on && strcmp(s->off[i].text, text) == 0)
			return true;
	return false;
}

void listen_forget(struct server *s)
{
	while (s->noff > 0)
		free(s->off[--s->noff].text);
	free(s->off);
	s->off = NULL;
}

/* The entry TEXT is off; it was AT (NULL: nowhere).  0 or -ENOMEM. */
static int add_off(struct server *s, const char *text, const struct addr *at)
{
	struct listen_off *grown = realloc(s->off, (s->noff + 1) * sizeof(*grown));
	char *copy = strdup(text);

	if (grown)
		s->off = grown;
	if (!grown || !copy) {
		free(copy);
		return -ENOMEM;
	}
	grown[s->noff++] = (struct listen_off){ .text = copy };
	if (at)
		grown[s->noff - 1].at = *at;
	return 0;
}

static bool is_at(const struct addr *at, const char *name)
{
	char text[ADDR_TEXT];

	return at->len > 0 && strcmp(addr_text(at, text), name) == 0;
}

/* The text of the entry that is called NAME; NULL: there is none such. */
static const char *entry_of(const struct server *s, const char *name)
{
	const struct conf *conf = s->routes->conf;

	for (size_t i = 0; i < conf->nlisten; i++)
		if (strcmp(conf->listen[i].text, name) == 0)
			return conf->listen[i].text;
	for (size_t i = 0; i < s->nlisteners; i++)
		if (is_at(listener_addr(s->listeners[i]), name))
			return s->places[i].conf->text;
	for (size_t i = 0; i < s->noff; i++)
		if (is_at(&s->off[i].at, name))
			return s->off[i].text;
	return NULL;
}

static void tell_change(const struct server *s, const char *again)
{
	char where[1024];

	listen_text(s, where, sizeof(where));
	if (*where)
		log_info("", "listening on %s%s", where, again);
	else
		log_info("", "not listening any more, as told");
	listen_tell(s);
	systemd_ready(where);
}

static void close_off(struct server *s)
{
	size_t left = 0;

	for (size_t i = 0; i < s->nlisteners; i++) {
		if (listen_is_off(s, s->places[i].conf->text)) {
			listener_free(s->listeners[i]);
			continue;
		}
		s->listeners[left] = s->listeners[i];
		s->places[left++] = s->places[i];
	}
	s->nlisteners = left;
}

int listen_off(struct server *s, const char *name)
{
	const char *entry = name ? entry_of(s, name) : NULL;
	int r = 0;

	if (name && !entry)
		return -ENOENT;
	if (s->deaf || (name && listen_is_off(s, entry)))
		return 0;
	for (size_t i = 0; i < s->nlisteners && r == 0; i++)
		if (!name || strcmp(s->places[i].conf->text, entry) == 0)
			r = add_off(s, s->places[i].conf->text,
				    listener_addr(s->listeners[i]));
	close_off(s);
	s->deaf = !name && r == 0;
	tell_change(s, ", as told");
	return r;
}

/* All but ENTRY stay off.  0 or -ENOMEM. */
static int keep_others(struct server *s, const char *entry)
{
	const struct conf *conf = s->routes->conf;
	int r = 0;

	for (size_t i = 0; i < conf->nlisten && r == 0; i++)
		if (strcmp(conf->listen[i].text, entry) != 0 &&
		    !listen_is_off(s, conf->listen[i].text))
			r = add_off(s, conf->listen[i].text, NULL);
	return r;
}

/* What was to be on is on: forget that it was off; or (DONE false) it stays off. */
static void settle_off(struct server *s, bool done)
{
	size_t left = 0;

	for (size_t i = 0; i < s->noff; i++) {
		if (done && s->off[i].on) {
			free(s->off[i].text);
			continue;
		}
		s->off[i].on = false;
		s->off[left++] = s->off[i];
	}
	s->noff = left;
}

int listen_on(struct server *s, const char *name, FILE *err)
{
	const char *entry = name ? entry_of(s, name) : NULL;
	bool deaf = s->deaf;
	int r;

	if (name && !entry)
		return -ENOENT;
	if (!deaf && s->noff == 0)
		return 0;
	if (deaf && name && keep_others(s, entry) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < s->noff; i++)
		s->off[i].on = !name || strcmp(s->off[i].text, entry) == 0;
	s->deaf = false;
	r = listen_change(s, s->routes->conf, err);
	settle_off(s, r == 0);
	s->deaf = r != 0 && deaf;
	if (r != 0)
		return -EIO;
	tell_change(s, " again");
	return 0;
}
