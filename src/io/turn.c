/* SPDX-License-Identifier: MIT */
/* Work that waits for another turn of the loop, so that none takes long. */
#include "turn.h"
#include "sys.h"

bool turn_is_long(const struct turn *t)
{
	return sys_now() - t->since > TURN_LONG;
}

void turn_wait(struct turn *t, struct late *l, void (*act)(struct late *l))
{
	if (l->act)
		return;
	l->act = act;
	TAILQ_INSERT_TAIL(&t->late, l, link);
	ev_idle_start(t->loop, &t->awake);
}

void turn_forget(struct turn *t, struct late *l)
{
	if (!l->act)
		return;
	l->act = NULL;
	TAILQ_REMOVE(&t->late, l, link);
}

void turn_begin(struct turn *t, double now)
{
	t->since = now;
	t->pieces = 0;
}

/* What is put off again while this runs waits for the next turn. */
static void on_end(EV_P_ ev_prepare *w, int revents)
{
	struct turn *t = w->data;
	const struct late *last = TAILQ_LAST(&t->late, late_list);
	void (*act)(struct late * l);
	struct late *l;
	bool more = last;

	(void)revents;
	while (more && (l = TAILQ_FIRST(&t->late))) {
		more = l != last && !turn_is_long(t); /* the first is done in any case */
		act = l->act;
		turn_forget(t, l);
		act(l);
	}
	if (TAILQ_EMPTY(&t->late))
		ev_idle_stop(EV_A_ & t->awake);
}

static void on_idle(EV_P_ ev_idle *w, int revents)
{
	(void)loop;
	(void)w;
	(void)revents;
}

void turn_init(struct turn *t, struct ev_loop *loop)
{
	*t = (struct turn){ .loop = loop, .since = sys_now() };
	TAILQ_INIT(&t->late);
	ev_prepare_init(&t->end, on_end);
	ev_set_priority(&t->end, EV_MAXPRI); /* before what it ends is freed */
	ev_idle_init(&t->awake, on_idle);
	t->end.data = t;
	ev_prepare_start(loop, &t->end);
}

void turn_stop(struct turn *t)
{
	ev_prepare_stop(t->loop, &t->end);
	ev_idle_stop(t->loop, &t->awake);
}
