/* SPDX-License-Identifier: MIT */
/*
 * The clients that stand out: list with its parameter sort.
 *
 * All clients are walked through, some in each turn of the loop, and the foremost kept,
 * no more than are asked for.
 */
#include <stdlib.h>
#include <string.h>

#include "command_top.h"

#define MOST 1000 /* that are kept, so what a call holds has an end */

struct place {
	double value;
	json_t *client;
};

struct top {
	double (*value)(struct session *s);
	size_t skip, room, n;
	bool walked;
	struct place places[MOST]; /* the foremost first */
};

static double queue_of(struct session *s)
{
	return (double)session_queued(s);
}

static double traffic_of(struct session *s)
{
	return (double)(s->in.bytes + s->sent.bytes);
}

static double seconds_of(struct session *s)
{
	return s->bridge->now - s->opened;
}

static const struct {
	const char *name;
	double (*value)(struct session *s);
} sorts[] = {
	{ "rate", command_rate },
	{ "queue", queue_of },
	{ "traffic", traffic_of },
	{ "seconds", seconds_of },
};
#define SORTS (sizeof(sorts) / sizeof(*sorts))

static double (*sort_of(struct call *c))(struct session *s)
{
	const char *name = call_text(c, "sort", "");

	for (size_t i = 0; i < SORTS; i++)
		if (strcmp(sorts[i].name, name) == 0)
			return sorts[i].value;
	return NULL;
}

void command_top(struct call *c)
{
	size_t skip = (size_t)call_number(c, "skip", 0);
	size_t limit = (size_t)call_number(c, "limit", MOST);
	double (*value)(struct session * s) = sort_of(c);
	struct top *t;

	if (!value) {
		call_fail(c, CALL_PARAMS, "sort is rate, queue, traffic or seconds");
		return;
	}
	if (skip >= MOST)
		skip = limit = 0;
	t = calloc(1, sizeof(*t));
	if (!t) {
		call_fail(c, CALL_INTERNAL, "out of memory");
		return;
	}
	t->value = value;
	t->skip = skip;
	t->room = limit < MOST - skip ? skip + limit : MOST;
	call_walk(c, CALL_ROWS);
	c->work = t;
}

void command_top_end(struct call *c)
{
	struct top *t = c->work;

	if (!t)
		return;
	bridge_walk_end(&c->walk);
	for (size_t i = 0; i < t->n; i++)
		json_decref(t->places[i].client);
	free(t);
	c->work = NULL;
}

/* Of those with the same value the first met, which is the newest, stays before. */
static void consider(struct top *t, struct session *s)
{
	double value = t->value(s);
	size_t at = t->n;

	while (at > 0 && t->places[at - 1].value < value)
		at--;
	if (at >= t->room)
		return;
	if (t->n == t->room)
		json_decref(t->places[--t->n].client);
	memmove(&t->places[at + 1], &t->places[at], (t->n - at) * sizeof(*t->places));
	t->places[at] = (struct place){ value, command_list_client(s) };
	t->n++;
}

json_t *command_top_row(struct call *c, bool *ret_later)
{
	unsigned left = CALL_PER_STEP;
	struct top *t = c->work;
	struct session *s;

	while (!t->walked && (s = call_next(c, "path", &left)))
		consider(t, s);
	*ret_later = !t->walked && left == 0;
	t->walked = !*ret_later;
	if (*ret_later || t->skip + c->at >= t->n)
		return NULL;
	return json_incref(t->places[t->skip + c->at++].client);
}
