/* SPDX-License-Identifier: MIT */
/* A new configuration under live sessions: all of it, or nothing. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "attach.h"
#include "backend.h"
#include "become.h"
#include "conf_tls.h"
#include "ctl.h"
#include "event.h"
#include "listen.h"
#include "log.h"
#include "logging.h"
#include "reload.h"
#include "systemd.h"

/* CONF, which is given away, with its routes, already listened for; NULL, and why on ERR.
 */
static struct routes *prepare(struct server *s, struct conf *conf, FILE *err)
{
	struct conf_report changes = { .main = s->routes->conf->file };
	struct routes *fresh = routes_new(conf, s->routes);

	if (fresh)
		become_check_change(s->user, s->group, fresh->conf, &changes);
	else
		fputs("error: out of memory\n", err);
	conf_report_write(&changes, err);
	if (fresh && conf_tls_open(fresh->conf, err) == 0 &&
	    ctl_change(s, fresh->conf, err) == 0) {
		if (listen_change(s, fresh->conf, err) == 0)
			return fresh;
		ctl_change_back(s, fresh->conf);
	}
	routes_unref(fresh);
	return NULL;
}

static struct routes *load(struct server *s, FILE *err)
{
	int status;
	struct conf *conf = conf_load(s->routes->conf->file, err, &status);

	return conf ? prepare(s, conf, err) : NULL;
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
	attach_boot(s);
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

/* Each line of TEXT is a line of the log. */
static void log_lines(const char *text, bool failed)
{
	for (size_t n; *text; text += n + (text[n] == '\n')) {
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
			   (union event_value[]){ { .flag = taken },
						  { .text = s->routes->conf->file } });
	if (taken)
		listen_tell(s);
}

bool reload(struct server *s, char **ret_text)
{
	char *text = NULL;
	struct routes *fresh;
	size_t n;
	FILE *err = open_memstream(&text, &n);

	if (!err) {
		say(LOG_LEVEL_ERROR, "out of memory");
		return false;
	}
	systemd_reloading();
	fresh = load(s, err);
	fclose(err);
	if (text)
		log_lines(text, !fresh);
	else /* fclose(3) leaves NULL */
		say(LOG_LEVEL_ERROR, "out of memory");
	if (ret_text)
		*ret_text = text;
	else
		free(text);
	s->stats.reload_failed = !fresh;
	if (!fresh) {
		tell(s, false);
		s->stats.failed_reloads++;
		say(LOG_LEVEL_ERROR, "%s is not taken, nothing changes",
		    s->routes->conf->file);
		systemd_reload_failed();
		return false;
	}
	s->stats.reloads++;
	take(s, fresh);
	tell_taken(s);
	tell(s, true);
	return true;
}

bool reload_take(struct server *s, struct conf *conf, char **ret_text)
{
	char *text = NULL;
	struct routes *fresh = NULL;
	size_t n;
	FILE *err = open_memstream(&text, &n);

	if (err) {
		fresh = prepare(s, conf, err);
		fclose(err);
	} else {
		conf_free(conf);
	}
	free(*ret_text);
	*ret_text = text;
	if (fresh)
		take(s, fresh);
	return fresh;
}
