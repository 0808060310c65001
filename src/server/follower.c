/* SPDX-License-Identifier: MIT */
/* What a control client that follows the events is yet to be told. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "follower.h"
#include "nearest.h"

#define BEGIN "{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":"
#define END "}\n"

struct filter {
	char *name, *value;
};

struct follower {
	struct event_follower event; /* the first member */
	struct filter filters[FOLLOWER_FILTERS];
	size_t nfilters;
	struct buf lines;
	unsigned long long missed;
	void (*told)(void *data);
	void *data;
};

/* ---- filters ---- */

/* Of those with the name of the I-th, one must fit. */
static bool fits(const struct follower *f, size_t i, const char *who,
		 const struct log_event *e)
{
	for (size_t k = 0; k < f->nfilters; k++)
		if (strcmp(f->filters[k].name, f->filters[i].name) == 0 &&
		    log_event_has(who, e, f->filters[k].name, f->filters[k].value))
			return true;
	return false;
}

static bool passes(const struct follower *f, const char *who, const struct log_event *e)
{
	for (size_t i = 0; i < f->nfilters; i++)
		if (!fits(f, i, who, e))
			return false;
	return true;
}

/* What NAME could have meant, of the events' names or of those of their fields. */
static void unknown(const char *what, const char *name, bool event, char *why)
{
	static const char *const common[] = { "event", "id", "path", NULL };
	struct nearest n;
	const char *meant;

	nearest_init(&n, name);
	for (unsigned e = 0; e < EVENTS; e++) {
		const struct event_field *field = event_rows[e].fields;

		if (event)
			nearest_offer(&n, event_rows[e].name);
		else
			for (; field < event_rows[e].fields + EVENT_FIELDS && field->name;
			     field++)
				nearest_offer(&n, field->name);
	}
	for (const char *const *all = common; !event && *all; all++)
		nearest_offer(&n, *all);
	meant = nearest_found(&n);
	snprintf(why, FOLLOWER_TEXT, "filter: %s '%.40s'%s%s%s", what, name,
		 meant ? "; did you mean '" : "", meant ? meant : "", meant ? "'?" : "");
}

/* Only the events that filters name are wanted at all. */
static void narrow(struct follower *f, const struct filter *filter)
{
	bool first = f->event.bits == (1u << EVENTS) - 1;

	event_unfollow(&f->event);
	if (first)
		f->event.bits = 0;
	f->event.bits |= 1u << event_find(filter->value);
	event_follow(&f->event);
}

static bool check(const struct follower *f, const struct filter *filter, char *why)
{
	bool event = strcmp(filter->name, "event") == 0;

	if (f->nfilters == FOLLOWER_FILTERS)
		snprintf(why, FOLLOWER_TEXT, "filter: no more than %d", FOLLOWER_FILTERS);
	else if (!event_field_known(filter->name))
		unknown("no event has a field", filter->name, false, why);
	else if (event && event_find(filter->value) == EVENTS)
		unknown("there is no event", filter->value, true, why);
	else
		return true;
	return false;
}

bool follower_filter(struct follower *f, const char *filter, char *why)
{
	const char *equals = strchr(filter, '=');
	struct filter new = { 0 };

	if (!equals) {
		snprintf(why, FOLLOWER_TEXT,
			 "filter: '%.40s' is no name=value, such as path=/x", filter);
		return false;
	}
	new.name = strndup(filter, (size_t)(equals - filter));
	new.value = strdup(equals + 1);
	if (!new.name || !new.value)
		snprintf(why, FOLLOWER_TEXT, "out of memory");
	else if (check(f, &new, why)) {
		if (strcmp(new.name, "event") == 0)
			narrow(f, &new);
		f->filters[f->nfilters++] = new;
		return true;
	}
	free(new.name);
	free(new.value);
	return false;
}

/* ---- lines ---- */

static bool add(struct follower *f, const char *line, size_t n)
{
	return buf_append(&f->lines, line, n, FOLLOWER_MOST) == 0;
}

/* Say how many events were missed, if any.  False: there is no room for that. */
static bool add_missed(struct follower *f)
{
	char line[128];
	int n;

	if (f->missed == 0)
		return true;
	n = snprintf(line, sizeof(line),
		     "{\"jsonrpc\":\"2.0\",\"method\":\"missed\",\"params\":{\"events\":%"
		     "llu}}\n",
		     f->missed);
	if (!add(f, line, (size_t)n))
		return false;
	f->missed = 0;
	return true;
}

static void on_event(struct event_follower *event, enum log_level level, const char *who,
		     const struct log_event *e)
{
	struct follower *f = (struct follower *)event;
	char line[sizeof(BEGIN) + LOG_LINE_MAX + sizeof(END)];
	size_t n = sizeof(BEGIN) - 1;

	if (!passes(f, who, e))
		return;
	if (f->missed > 0) { /* once it has begun, until all is taken */
		f->missed++;
		return;
	}
	memcpy(line, BEGIN, n);
	n += log_json(line + n, level, who, e);
	memcpy(line + n, END, sizeof(END) - 1);
	if (!add(f, line, n + sizeof(END) - 1))
		f->missed++;
	if (f->told)
		f->told(f->data);
}

bool follower_has_lines(const struct follower *f)
{
	return f && buf_len(&f->lines) > 0;
}

int follower_take(struct follower *f, struct buf *out)
{
	if (buf_append(out, buf_head(&f->lines), buf_len(&f->lines), SIZE_MAX) < 0)
		return -ENOMEM;
	buf_consume(&f->lines, buf_len(&f->lines));
	add_missed(f);
	return 0;
}

/* ---- life ---- */

struct follower *follower_new(void)
{
	struct follower *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->event =
		(struct event_follower){ .bits = (1u << EVENTS) - 1, .told = on_event };
	event_follow(&f->event);
	return f;
}

void follower_on_lines(struct follower *f, void (*told)(void *data), void *data)
{
	f->told = told;
	f->data = data;
}

void follower_free(struct follower *f)
{
	if (!f)
		return;
	event_unfollow(&f->event);
	for (size_t i = 0; i < f->nfilters; i++) {
		free(f->filters[i].name);
		free(f->filters[i].value);
	}
	buf_free(&f->lines);
	free(f);
}
