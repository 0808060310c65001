/* SPDX-License-Identifier: MIT */
/* mode_rest.c - what sessions without traffic cost in CPU time; a message is a ping. */
#include "mode.h"

#define WARM_UP_NS INT64_C(200000000)

static void nothing(struct load *load)
{
	(void)load;
}

static uint64_t pings(const struct load *load)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < load->options.clients; i++)
		sum += load->conns[i].pings;
	return sum;
}

static void rest_begin(struct load *load)
{
	load->messages = pings(load);
}

static void rest_stop(struct load *load)
{
	load->messages = pings(load) - load->messages;
	load_finish(load);
}

const struct load_mode mode_rest = {
	.name = "rest",
	.handler = { mode_opened, mode_unexpected_data, NULL, mode_closed_early },
	.warm_up_ns = WARM_UP_NS,
	.prepare = nothing,
	.begin = rest_begin,
	.stop = rest_stop,
};
