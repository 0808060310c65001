/* SPDX-License-Identifier: MIT */
/* mode_idle.c - what a session without traffic costs in memory. */
#include "mode.h"

#define SETTLE_NS INT64_C(50000000)
#define SETTLE_EQUAL 4

static void nothing(struct load *load)
{
	(void)load;
}

/* One session is there before the first look: what is allocated once does not count. */
static void idle_prepare(struct load *load)
{
	load->to_open = 1;
}

/* Has the daemon come to rest?  Then load->settled is what it holds. */
static bool idle_settled(struct load *load)
{
	struct cost_memory memory;

	if (load_now() < load->settle_next)
		return false;
	load->settle_next = load_now() + SETTLE_NS;
	if (cost_memory(load->options.pid, &memory) < 0)
		return false;
	if (memory.anonymous != load->settled.anonymous)
		load->settle_equal = 0;
	load->settled = memory;
	return ++load->settle_equal > SETTLE_EQUAL;
}

static void idle_tick(struct load *load)
{
	if (load->opened < load->to_open || !idle_settled(load))
		return;
	load->settle_equal = 0;
	if (load->to_open == 1) {
		load->memory_before = load->settled;
		load->to_open = load->options.clients;
		return;
	}
	load->messages = load->opened - 1;
	load_finish(load);
}

const struct load_mode mode_idle = {
	.name = "idle",
	.handler = { mode_opened, mode_unexpected_data, NULL, mode_closed_early },
	.measures_memory = true,
	.prepare = idle_prepare,
	.begin = nothing,
	.tick = idle_tick,
	.stop = nothing,
};
