/* SPDX-License-Identifier: MIT */
/* A program's stderr as log lines: always drained, rate-limited. */
#include <string.h>

#include "log.h"
#include "stderr_log.h"

static void tell_dropped(struct stderr_log *l, const char *who)
{
	if (l->dropped)
		log_warning(who, "stderr: %lu more lines were dropped", l->dropped);
	l->dropped = 0;
}

static void drop(struct stderr_log *l)
{
	l->dropped++;
	(*l->dropped_ever)++;
}

/* A new second: what it may have, and what the last one had too many. */
static void next_second(struct stderr_log *l, const char *who, double now)
{
	double earned = (now - l->second) * STDERR_LINES_PER_SECOND;

	tell_dropped(l, who);
	if (l->second == 0 || l->credit + earned > STDERR_LINES_AT_ONCE)
		l->credit = STDERR_LINES_AT_ONCE;
	else
		l->credit += earned;
	l->second = now;
}

static void one_line(struct stderr_log *l, const char *who, double now, const char *p,
		     size_t n)
{
	struct log_event e = { .name = "stderr", .message = { p, n }, .unlimited = true };

	if (now - l->second >= 1)
		next_second(l, who, now);
	if (l->credit < 1) {
		drop(l);
		return;
	}
	l->credit--;
	log_event(LOG_LEVEL_INFO, who, &e);
}

static void end_line(struct stderr_log *l, const char *who, double now)
{
	one_line(l, who, now, l->line.data ? buf_head(&l->line) : "", buf_len(&l->line));
	buf_free(&l->line);
}

/* The first line of the N bytes at P, or as much as a line may have: how many bytes it
 * took. */
static size_t take(struct stderr_log *l, const char *who, double now, const char *p,
		   size_t n)
{
	size_t room = STDERR_LINE_MAX - buf_len(&l->line);
	const char *lf = memchr(p, '\n', n <= room ? n : room + 1);
	size_t len = lf ? (size_t)(lf - p) : n < room ? n : room;

	if (lf && buf_len(&l->line) == 0) {
		one_line(l, who, now, p, len);
		return len + 1;
	}
	if (buf_append(&l->line, p, len, STDERR_LINE_MAX) < 0) {
		drop(l);
		buf_free(&l->line);
	} else if (lf || n > room) {
		end_line(l, who, now);
	}
	return len + (lf != NULL);
}

void stderr_log_feed(struct stderr_log *l, const char *who, double now, const char *p,
		     size_t n)
{
	while (n > 0) {
		size_t used = take(l, who, now, p, n);

		p += used;
		n -= used;
	}
}

void stderr_log_end(struct stderr_log *l, const char *who, double now)
{
	if (buf_len(&l->line) > 0)
		end_line(l, who, now);
	tell_dropped(l, who);
}
