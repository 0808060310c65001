/* SPDX-License-Identifier: MIT */
/* An answer that is made piece by piece, in as many turns of the loop as it takes. */
#include <stddef.h>

#include "client_impl.h"

#define PIECES 64 /* that are made before it looks at the clock */

/* Make more of it, some in any case.  False: all is there. */
static bool go_on(const struct client *c)
{
	bool more = true;

	do
		for (unsigned i = 0; more && i < PIECES; i++)
			more = c->making->next(c->waits_for);
	while (more && !turn_is_long(&c->server->bridge.turn));
	return more;
}

static void finish(struct client *c)
{
	struct buf text;

	if (c->making->end(c->waits_for, &text) == 0)
		answer_buf(c, c->making->type, &text);
	else
		client_drop_for_memory(c);
}

static void cancel(struct client *c)
{
	struct buf text;

	turn_forget(&c->server->bridge.turn, &c->turn);
	(void)c->making->end(c->waits_for, &text);
	buf_free(&text);
}

static void on_turn(struct late *l)
{
	struct client *c = (struct client *)((char *)l - offsetof(struct client, turn));

	if (go_on(c)) {
		turn_wait(&c->server->bridge.turn, &c->turn, on_turn);
		return;
	}
	c->cancel = NULL; /* C may be dropped for want of memory */
	finish(c);
	request_resume(c, STEP_END);
}

enum step answer_long(struct client *c, const struct long_answer *kind, void *begun)
{
	if (!begun) {
		client_drop_for_memory(c);
		return STEP_END;
	}
	c->making = kind;
	c->waits_for = begun;
	if (!go_on(c)) {
		finish(c);
		return STEP_END;
	}
	c->cancel = cancel;
	turn_wait(&c->server->bridge.turn, &c->turn, on_turn);
	return STEP_WAIT;
}
