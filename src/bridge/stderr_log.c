/* SPDX-License-Identifier: MIT */
/* A program's stderr as log lines: always drained, rate-limited. */
#include <string.h>

#include "log.h"
#include "stderr_log.h"

static void tell_dropped(struct stderr_log *l, const char *who)
{
	if (l->dropped)
		log_warning(who, "stderr: %lu lines dropped (more than %d a second)",
			    l->dropped, STDERR_LINES_PER_SECOND);
	l->dropped = 0;
}

static void one_line(struct stderr_log *l, const char *who, double now, const char *p,
		     size_t n)
{
	if (now - l->second >= 1) {
		tell_dropped(l, who);
		l->second = now;
		l->lines = 0;
	}
	if (l->lines++ >= STDERR_LINES_PER_SECOND)
		l->dropped++;
	else
		log_info(who, "stderr: %.*s", (int)n, p);
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
	size_t most = n < room ? n : room;
	const char *lf = memchr(p, '\n', most);
	size_t len = lf ? (size_t)(lf - p) : most;

	if (lf && buf_len(&l->line) == 0) {
		one_line(l, who, now, p, len);
		return len + 1;
	}
	if (buf_append(&l->line, p, len, STDERR_LINE_MAX) < 0) {
		l->dropped++;
		buf_free(&l->line);
	} else if (lf || buf_len(&l->line) == STDERR_LINE_MAX) {
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
