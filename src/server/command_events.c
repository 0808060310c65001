/* SPDX-License-Identifier: MIT */
/* The command events: its caller is told what happens, from now on. */
#include "command.h"
#include "event.h"
#include "follower.h"

/* The I-th of the filters, or NULL. */
static const char *filter_at(const json_t *filters, size_t i)
{
	if (json_is_array(filters))
		return json_string_value(json_array_get(filters, i));
	return i == 0 ? json_string_value(filters) : NULL;
}

/* The names of the events, for whoever wants to know what may come. */
static json_t *names(void)
{
	json_t *list = json_array();

	for (unsigned e = 0; e < EVENTS; e++)
		json_array_append_new(list, json_string(event_rows[e].name));
	return list;
}

void command_events(struct call *c)
{
	const json_t *filters = json_object_get(c->params, "filter");
	struct follower *f = follower_new();
	char why[FOLLOWER_TEXT] = "out of memory";
	const char *filter;
	bool taken = f;

	for (size_t i = 0; taken && (filter = filter_at(filters, i)); i++)
		taken = follower_filter(f, filter, why);
	if (!taken) {
		follower_free(f);
		call_fail(c, f ? CALL_PARAMS : CALL_INTERNAL, "%s", why);
		return;
	}
	c->follow(c, f);
	call_succeed(c, json_pack("{s:o}", "events", names()));
}
