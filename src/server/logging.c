/* SPDX-License-Identifier: MIT */
/* The daemon's log: where it goes, in which form, and when counts are told. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "logging.h"
#include "sys.h"

#define LINES_PER_SECOND 10 /* of one reason */
#define TELL_AFTER 1.0      /* seconds from a count to its line */

/* https://no-color.org */
static bool wants_colour(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDERR_FILENO) && (!no || !*no) &&
	       !(term && strcmp(term, "dumb") == 0);
}

void logging_apply(struct server *s)
{
	const struct conf *conf = s->routes->conf;
	struct log_conf log = {
		.level = s->options->verbose ? LOG_LEVEL_DEBUG
					     : (enum log_level)conf->log_level,
		.format = (enum log_format)conf->log_format,
		.journal_prefix =
			conf->log_to == LOG_TO_AUTO && sys_is_journal(STDERR_FILENO),
		.colour = wants_colour(),
		.most = LINES_PER_SECOND,
	};

	log_open(s->log_fd, &log);
	s->bridge.access = conf->log_access;
}

static void on_tell(EV_P_ ev_timer *w, int revents)
{
	(void)loop;
	(void)w;
	(void)revents;
	log_settle(false);
}

void logging_init(struct server *s)
{
	s->log_fd = sys_own_output(STDERR_FILENO);
	ev_timer_init(&s->tell, on_tell, TELL_AFTER, 0);
}

void logging_proceed(struct server *s)
{
	if (!log_owes() || ev_is_active(&s->tell))
		return;
	ev_timer_set(&s->tell, TELL_AFTER, 0);
	ev_timer_start(s->loop, &s->tell);
}

void logging_end(struct server *s)
{
	struct log_conf plain = { .level = LOG_LEVEL_INFO };

	log_settle(true);
	log_open(STDERR_FILENO, &plain);
	if (s->log_fd != STDERR_FILENO)
		close(s->log_fd);
}
