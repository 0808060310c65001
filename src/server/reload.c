/* SPDX-License-Identifier: MIT */
/* A new configuration under live sessions: all of it, or nothing. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "attach.h"
#include "backend.h"
#include "background.h"
#include "become.h"
#include "conf_set.h"
#include "conf_tls.h"
#include "ctl.h"
#include "event.h"
#include "listen.h"
#include "log.h"
#include "logging.h"
#include "reload.h"
#include "systemd.h"

/* One of them. */
struct reload {
	struct server *server;
	const struct conf_key *key; /* to set; NULL: the file is read again */
	char *section, *value;
	reload_told *told; /* or NULL */
	void *data;

	struct background *work;       /* NULL: it waits for its turn */
	struct routes *before, *fresh; /* before: the present ones; fresh: NULL: wrong */
	char *text;                    /* what is said of them, and its stream */
	size_t n;
	FILE *err;
	TAILQ_ENTRY(reload) link;
};

/* ---- beside the loop ---- */

static struct conf *read_conf(struct reload *r)
{
	const struct conf *before = r->before->conf;
	int status;

	return r->key ? conf_set(before, r->section, r->key, r->value, r->err)
		      : conf_load(before->file, r->err, &status);
}

/* It sees nothing of the server. */
static void make(void *data)
{
	struct reload *r = data;
	struct conf *conf = read_conf(r);
	struct routes *fresh = conf ? routes_new(conf, r->before) : NULL;

	if (conf && !fresh)
		fputs("error: out of memory\n", r->err);
	if (fresh && conf_tls_open(fresh->conf, r->err) == 0)
		r->fresh = fresh;
	else
		routes_unref(fresh);
}

/* ---- in the loop ---- */

/* Listen as R's routes have it.  False: why not is said. */
static bool open_sockets(struct reload *r)
{
	struct server *s = r->server;
	struct conf_report changes = { .main = r->fresh->conf->file };

	become_check_change(s->user, s->group, r->fresh->conf, &changes);
	conf_report_write(&changes, r->err);
	if (ctl_change(s, r->fresh->conf, r->err) != 0)
		return false;
	if (listen_change(s, r->fresh->conf, r->err) == 0)
		return true;
	ctl_change_back(s, r->fresh->conf);
	return false;
}

static void take(struct server *s, struct routes *fresh)
{
	attach_reload(s, fresh);
	routes_unref(s->routes);
	s->routes = fresh;
	if (s->resolver)
		resolver_configure(s->resolver, fresh->conf->resolver);
	logging_apply(s);
	backend_prepare(s);
	attach_boot_later(s);
}

/* However many lines they are: whoever runs the daemon wants to see each. */
__attribute__((format(printf, 2, 3))) static void say(enum log_level level,
						      const char *fmt, ...)
{
	char text[LOG_LINE_MAX];
	struct log_event e = { .name = "reload", .message.p = text, .unlimited = true };
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	e.message.n = strlen(text);
	log_event(level, "", &e);
}

/* Each line of TEXT is a line of the log; NULL: no memory for them. */
static void log_lines(const char *text, bool failed)
{
	if (!text)
		say(LOG_LEVEL_ERROR, "out of memory");
	for (size_t n; text && *text; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		say(failed ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, "%.*s", (int)n, text);
	}
}

static void tell_taken(struct server *s)
{
	char where[1024];

	listen_text(s, where, sizeof(where));
	say(LOG_LEVEL_INFO, "%s is taken; %s%s", s->routes->conf->file,
	    *where ? "listening on " : "not listening, as told", where);
	systemd_ready(where);
}

static void tell(const struct server *s, bool taken)
{
	if (event_wanted(EVENT_RELOAD))
		event_tell(EVENT_RELOAD, "",
			   (union log_value[]){ { .flag = taken },
						{ .text = s->routes->conf->file } });
	if (taken)
		listen_tell(s);
}

static void tell_outcome(struct server *s, bool taken)
{
	s->stats.reload_failed = !taken;
	if (taken) {
		s->stats.reloads++;
		tell_taken(s);
	} else {
		s->stats.failed_reloads++;
		say(LOG_LEVEL_ERROR, "%s is not taken, nothing changes",
		    s->routes->conf->file);
		systemd_reload_failed();
	}
	tell(s, taken);
}

static void close_text(struct reload *r)
{
	if (r->err)
		fclose(r->err); /* without memory for it r->text is NULL */
	r->err = NULL;
}

/* R is over, and gone. */
static void end(struct reload *r, bool taken)
{
	bool running = r->server->state == SERVER_RUNNING;

	close_text(r);
	TAILQ_REMOVE(&r->server->reloads, r, link);
	if (r->told)
		r->told(r->data, taken,
			running ? r->text : "error: the daemon is stopping");
	routes_unref(r->before);
	routes_unref(r->fresh);
	free(r->text);
	free(r->section);
	free(r->value);
	free(r);
}

static void begin_next(struct server *s);

static void on_made(void *data)
{
	struct reload *r = data;
	struct server *s = r->server;
	bool running = s->state == SERVER_RUNNING;
	bool taken = running && r->fresh && open_sockets(r);

	close_text(r);
	if (running && !r->key)
		log_lines(r->text, !taken);
	if (taken) {
		take(s, r->fresh);
		r->fresh = NULL;
	}
	if (running && !r->key)
		tell_outcome(s, taken);
	end(r, taken);
	begin_next(s);
}

static bool begin(struct reload *r)
{
	struct server *s = r->server;

	r->err = open_memstream(&r->text, &r->n);
	if (!r->err)
		return false;
	r->before = routes_ref(s->routes);
	r->work = background_begin(s->loop, make, on_made, r);
	if (r->work && !r->key)
		systemd_reloading();
	return r->work;
}

static void begin_next(struct server *s)
{
	struct reload *next;

	for (struct reload *r = TAILQ_FIRST(&s->reloads); r && !r->work; r = next) {
		next = TAILQ_NEXT(r, link);
		if (s->state == SERVER_RUNNING) {
			if (begin(r))
				return;
			say(LOG_LEVEL_ERROR, "out of memory");
		}
		end(r, false);
	}
}

/* R is S's, and waits for its turn. */
static bool add(struct server *s, struct reload *r, reload_told *told, void *data)
{
	bool first = TAILQ_EMPTY(&s->reloads);

	r->server = s;
	r->told = told;
	r->data = data;
	TAILQ_INSERT_TAIL(&s->reloads, r, link);
	if (first)
		begin_next(s);
	return true;
}

bool reload(struct server *s, reload_told *told, void *data)
{
	const struct reload *last = TAILQ_LAST(&s->reloads, reload_list);
	struct reload *r;

	if (s->state != SERVER_RUNNING)
		return false;
	if (!told && last && !last->work && !last->key)
		return true; /* that one will read what is there now */
	r = calloc(1, sizeof(*r));
	if (!r)
		say(LOG_LEVEL_ERROR, "out of memory");
	return r && add(s, r, told, data);
}

bool reload_set(struct server *s, const char *section, const struct conf_key *key,
		const char *value, reload_told *told, void *data)
{
	struct reload *r = calloc(1, sizeof(*r));

	if (!r)
		return false;
	r->key = key;
	r->section = strdup(section);
	r->value = strdup(value);
	if (r->section && r->value)
		return add(s, r, told, data);
	free(r->section);
	free(r->value);
	free(r);
	return false;
}

bool reload_end(struct server *s)
{
	struct reload *r = TAILQ_FIRST(&s->reloads), *next;
	bool over = true;

	if (r && r->work && !background_end(r->work)) { /* it uses what it has */
		TAILQ_REMOVE(&s->reloads, r, link);
		r->told = NULL;
		over = false;
	}
	for (r = TAILQ_FIRST(&s->reloads); r; r = next) {
		next = TAILQ_NEXT(r, link);
		end(r, false);
	}
	return over;
}
