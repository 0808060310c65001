/* SPDX-License-Identifier: MIT */
/* Whether jansson has lacked memory. */
#include <jansson.h>
#include <stdlib.h>

#include "json_memory.h"

static void *(*getter)(size_t n);
static bool lacked;

static void *get(size_t n)
{
	void *p = getter(n);

	if (!p)
		lacked = true;
	return p;
}

void json_memory_watch(void *(*from)(size_t n))
{
	getter = from;
	lacked = false;
	json_set_alloc_funcs(get, free);
}

bool json_memory_lacked(void)
{
	bool was = lacked;

	lacked = false;
	return was;
}
