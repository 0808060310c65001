/* SPDX-License-Identifier: MIT */
/* One line per event: levels, limits, counts, and the writing that never waits. */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log_impl.h"
#include "sys.h"

static struct {
	int fd;
	struct log_conf conf;
	bool torn;          /* only the beginning of the last line was taken */
	unsigned long lost; /* lines dropped since the last one that was written */
	struct log_limit limit;
	struct log_counts counts;
} sink = { .fd = STDERR_FILENO, .conf = { .level = LOG_LEVEL_INFO, .socket = -1 } };

/* ---- writing ---- */

/* A pipe that polls writable takes PIPE_BUF (4096) bytes: no line waits or is torn.  A
 * disk that fills up, or a terminal, may take a part: the next line begins a new one. */
static bool put(const char *line, size_t n)
{
	struct pollfd p = { .fd = sink.fd, .events = POLLOUT };
	ssize_t taken;

	if (poll(&p, 1, 0) != 1 || !(p.revents & POLLOUT))
		return false;
	if (sink.torn && write(sink.fd, "\n", 1) != 1)
		return false;
	taken = write(sink.fd, line, n);
	sink.torn = taken > 0 && (size_t)taken < n;
	return taken == (ssize_t)n;
}

static bool put_event(enum log_level level, const char *who, const struct log_event *e)
{
	char line[LOG_LINE_MAX];
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (log_send(&sink.conf, &now, level, who, e))
		return true;
	return put(line, log_line(line, &sink.conf, &now, level, who, e));
}

static bool put_text(enum log_level level, const char *who, const char *text)
{
	struct log_event e = { .message = { text, strlen(text) } };

	return put_event(level, who, &e);
}

/* Say how many lines were lost, if any.  False: not taken. */
static bool put_lost(void)
{
	char text[96];

	if (sink.lost == 0)
		return true;
	snprintf(text, sizeof(text),
		 "%lu log lines were lost: the reader was too slow, or the disk full",
		 sink.lost);
	if (!put_text(LOG_LEVEL_WARNING, "", text))
		return false;
	sink.lost = 0;
	return true;
}

static void put_or_lose(enum log_level level, const char *who, const struct log_event *e)
{
	if (put_lost() && put_event(level, who, e))
		return;
	sink.lost++;
	sink.counts.lost++;
}

/* ---- limits ---- */

/* What a reason is called: the beginning of a format, up to what differs. */
static int name_length(const char *name)
{
	size_t n = strcspn(name, "%");

	while (n > 0 && strchr(" :('", name[n - 1]))
		n--;
	return n > 0 && n < 100 ? (int)n : 100;
}

/* refused 404: 123 more in the last second */
static void tell(const struct log_window *w)
{
	const char *name = w->reason.name ? w->reason.name : "various";
	char kind[16] = "", text[192];
	struct log_event e = { .message.p = text };

	if (w->reason.kind)
		snprintf(kind, sizeof(kind), " %u", w->reason.kind);
	e.message.n = (size_t)snprintf(text, sizeof(text),
				       "%.*s%s: %lu more in the last second",
				       name_length(name), name, kind, w->more);
	put_or_lose(w->reason.level, "", &e);
}

static void tell_over(double now)
{
	struct log_window w;

	while (log_limit_over(&sink.limit, now, &w))
		tell(&w);
}

static bool may_write(enum log_level level, const char *name, unsigned kind)
{
	struct log_reason reason = { name, kind, level };
	double now;

	if (!log_is_on(level))
		return false;
	if (sink.conf.most == 0 || level == LOG_LEVEL_DEBUG)
		return true;
	now = sys_now();
	tell_over(now);
	if (log_limit_take(&sink.limit, &reason, sink.conf.most, now))
		return true;
	sink.counts.limited++;
	return false;
}

bool log_owes(void)
{
	return sink.limit.untold > 0 || sink.lost > 0;
}

void log_settle(bool all)
{
	tell_over(all ? INFINITY : sys_now());
	put_lost();
}

struct log_counts log_counts(void)
{
	return sink.counts;
}

/* ---- lines ---- */

void log_open(int fd, const struct log_conf *conf)
{
	sink.fd = fd;
	sink.conf = *conf;
}

bool log_is_on(enum log_level level)
{
	return level <= sink.conf.level;
}

void log_event(enum log_level level, const char *who, const struct log_event *e)
{
	int saved = errno;

	if (e->unlimited ? log_is_on(level) : may_write(level, e->name, e->kind))
		put_or_lose(level, who, e);
	errno = saved;
}

void log_write(enum log_level level, const char *who, const char *fmt, ...)
{
	char text[LOG_LINE_MAX + 8]; /* what is cut here is cut again, with … */
	struct log_event e = { .message.p = text };
	int saved = errno;
	va_list args;

	if (may_write(level, fmt, 0)) {
		errno = saved; /* for %m */
		va_start(args, fmt);
		vsnprintf(text, sizeof(text), fmt, args);
		va_end(args);
		e.message.n = strlen(text);
		put_or_lose(level, who, &e);
	}
	errno = saved;
}
