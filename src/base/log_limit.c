/* SPDX-License-Identifier: MIT */
/* How many lines a reason gets in a second, in a fixed table: the rest is counted. */
#include "log_impl.h"

#define SECOND 1.0

static bool is_over(const struct log_window *w, double now)
{
	return now - w->since >= SECOND;
}

static bool is_free(const struct log_window *w, double now)
{
	return !w->reason.name || (w->more == 0 && is_over(w, now));
}

/* The window that REASON has, or gets. */
static struct log_window *find(struct log_limit *l, const struct log_reason *reason,
			       double now)
{
	struct log_window *unused = NULL;

	for (size_t i = 0; i < LOG_REASONS; i++) {
		struct log_window *w = &l->windows[i];

		if (w->reason.name == reason->name && w->reason.kind == reason->kind)
			return w;
		if (!unused && is_free(w, now))
			unused = w;
	}
	if (!unused)
		return &l->others;
	*unused = (struct log_window){ .reason = *reason, .since = now };
	return unused;
}

bool log_limit_take(struct log_limit *l, const struct log_reason *reason, unsigned most,
		    double now)
{
	struct log_window *w = find(l, reason, now);

	if (w->more == 0 && is_over(w, now)) {
		w->since = now;
		w->lines = 0;
	}
	if (w->lines < most) {
		w->lines++;
		return true;
	}
	w->more++;
	l->untold++;
	w->reason.level = reason->level;
	return false;
}

static bool take_over(struct log_limit *l, struct log_window *w, double now,
		      struct log_window *ret)
{
	if (w->more == 0 || !is_over(w, now))
		return false;
	*ret = *w;
	l->untold -= w->more;
	*w = (struct log_window){ .reason = { NULL, 0, LOG_LEVEL_INFO } };
	return true;
}

bool log_limit_over(struct log_limit *l, double now, struct log_window *ret)
{
	for (size_t i = 0; i < LOG_REASONS && l->untold > 0; i++)
		if (take_over(l, &l->windows[i], now, ret))
			return true;
	return l->untold > 0 && take_over(l, &l->others, now, ret);
}
