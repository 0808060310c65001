/* SPDX-License-Identifier: MIT */
/* A program's stderr as log lines: always drained, rate-limited. */
#include "stderr_log.h"
#include "log.h"

static void tell_dropped(struct stderr_log *l, const char *who)
{
	if (l->dropped)
		log_warning(who, "stderr: %u more lines were dropped", l->dropped);
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
	float earned = (float)(now - l->second) * STDERR_LINES_PER_SECOND;

	tell_dropped(l, who);
	if (l->second == 0 || l->credit + earned > STDERR_LINES_AT_ONCE)
		l->credit = STDERR_LINES_AT_ONCE;
	else
		l->credit += earned;
	l->second = now;
}

/* One who writes, and when. */
struct writer {
	struct stderr_log *l;
	const char *who;
	double now;
};

static void one_line(void *data, const char *p, size_t n)
{
	const struct writer *w = data;
	struct stderr_log *l = w->l;
	struct log_event e = { .name = "stderr", .message = { p, n }, .unlimited = true };

	if (w->now - l->second >= 1)
		next_second(l, w->who, w->now);
	if (!p || l->credit < 1) {
		drop(l);
		return;
	}
	l->credit--;
	log_event(LOG_LEVEL_INFO, w->who, &e);
}

void stderr_log_feed(struct stderr_log *l, const char *who, double now, const char *p,
		     size_t n)
{
	struct writer w = { l, who, now };

	stderr_lines_feed(&l->lines, p, n, one_line, &w);
}

void stderr_log_end(struct stderr_log *l, const char *who, double now)
{
	struct writer w = { l, who, now };

	stderr_lines_end(&l->lines, one_line, &w);
	tell_dropped(l, who);
}
