/* SPDX-License-Identifier: MIT */
/* The daemon's log: where it goes, in which form, and when counts are told. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "event.h"
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

static enum log_sink sink_of(const struct conf *conf)
{
	switch (conf->log_to) {
	case LOG_TO_JOURNAL:
		return LOG_SINK_JOURNAL;
	case LOG_TO_SYSLOG:
		return LOG_SINK_SYSLOG;
	case LOG_TO_AUTO:
		return sys_is_journal(STDERR_FILENO) ? LOG_SINK_JOURNAL : LOG_SINK_FD;
	default:
		return LOG_SINK_FD;
	}
}

/* What reads a pipe keeps its own time. */
static bool wants_time(const struct conf *conf)
{
	struct stat st;

	if (conf->log_time != LOG_TIME_AUTO)
		return conf->log_time == LOG_TIME_YES;
	return isatty(STDERR_FILENO) ||
	       (fstat(STDERR_FILENO, &st) == 0 && S_ISREG(st.st_mode));
}

static void close_socket(struct server *s)
{
	if (s->log_socket >= 0)
		close(s->log_socket);
	s->log_socket = -1;
}

void logging_apply(struct server *s)
{
	const struct conf *conf = s->routes->conf;
	struct log_conf log = {
		.level = s->options->verbose ? LOG_LEVEL_DEBUG
					     : (enum log_level)conf->log_level,
		.format = (enum log_format)conf->log_format,
		.journal_prefix =
			conf->log_to != LOG_TO_STDERR && sys_is_journal(STDERR_FILENO),
		.colour = wants_colour(),
		.time = wants_time(conf),
		.sink = sink_of(conf),
		.most = LINES_PER_SECOND,
	};

	if (log.sink == LOG_SINK_FD)
		close_socket(s);
	else if (s->log_socket < 0)
		s->log_socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	log.socket = s->log_socket;
	log_open(s->log_fd, &log);
	event_log(conf->log_access);
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
	tzset(); /* localtime_r() need not */
	s->log_fd = sys_own_output(STDERR_FILENO);
	s->log_socket = -1;
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
	struct log_conf plain = { .level = LOG_LEVEL_INFO, .socket = -1 };

	log_settle(true);
	log_open(STDERR_FILENO, &plain);
	if (s->log_fd != STDERR_FILENO)
		close(s->log_fd);
	close_socket(s);
}
