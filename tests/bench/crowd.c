/* SPDX-License-Identifier: MIT */
/* crowd.c - connections that are there before all others and say nothing. */
#include "crowd.h"

#include "mode.h"

#include <stdlib.h>

static void on_opened(struct conn *c)
{
	struct crowd *crowd = c->target->owner;

	crowd->opened++;
}

static const struct conn_handler handler = {
	on_opened,
	mode_unexpected_data,
	NULL,
	mode_closed_early,
};

void crowd_prepare(struct crowd *crowd, const struct conn_target *target, unsigned size)
{
	crowd->target = *target;
	crowd->target.handler = &handler;
	crowd->target.owner = crowd;
	crowd->size = size;
	crowd->conns = load_alloc((size + 1) * sizeof(*crowd->conns));
	for (unsigned i = 0; i < size; i++)
		crowd->conns[i].id = i;
}

void crowd_free(struct crowd *crowd)
{
	for (unsigned i = 0; i < crowd->begun; i++)
		conn_free(&crowd->conns[i]);
	free(crowd->conns);
}

bool crowd_gather(struct crowd *crowd, unsigned at_once)
{
	while (crowd->begun < crowd->size && crowd->begun - crowd->opened < at_once)
		conn_open(&crowd->conns[crowd->begun++], &crowd->target);
	return crowd->opened == crowd->size;
}
