/* SPDX-License-Identifier: MIT */
/* The word events: each as a line, for people or as JSON. */
#include <stdio.h>
#include <string.h>

#include "ctl_words.h"
#include "table.h"

json_t *events_params(char **argv)
{
	json_t *filters = json_array();
	const char *filter;

	for (int i = 0; argv[i]; i++) {
		if (!ctl_option(argv, &i, "--filter", &filter) || !filter) {
			ctl_usage("events");
			json_decref(filters);
			return NULL;
		}
		json_array_append_new(filters, json_string(filter));
	}
	return json_pack("{s:o}", "filter", filters);
}

/* ---- lines ---- */

static void print_value(const json_t *v)
{
	char cell[32];

	if (json_is_string(v)) {
		putchar('"');
		cell_print(json_string_value(v));
		putchar('"');
	} else if (json_is_object(v)) {
		printf("%lld/%lld",
		       (long long)json_integer_value(json_object_get(v, "messages")),
		       (long long)json_integer_value(json_object_get(v, "bytes")));
	} else if (json_is_integer(v)) {
		printf("%lld", (long long)json_integer_value(v));
	} else if (json_is_real(v)) {
		fputs(cell_exact(json_real_value(v), cell), stdout);
	} else if (json_is_boolean(v)) {
		fputs(json_is_true(v) ? "yes" : "no", stdout);
	} else {
		putchar('-');
	}
}

/* What stands before the event's own fields. */
static bool is_head(const char *name)
{
	return strcmp(name, "time") == 0 || strcmp(name, "level") == 0 ||
	       strcmp(name, "id") == 0 || strcmp(name, "path") == 0 ||
	       strcmp(name, "event") == 0;
}

static void print_head(const json_t *params)
{
	const char *time = json_string_value(json_object_get(params, "time"));
	const char *path = json_string_value(json_object_get(params, "path"));
	const char *event = json_string_value(json_object_get(params, "event"));
	const json_t *id = json_object_get(params, "id");

	cell_print(time ? time : "-");
	if (id)
		printf(" #%lld", (long long)json_integer_value(id));
	putchar(' ');
	cell_print(path ? path : "");
	fputs(path ? " " : "", stdout);
	cell_print(event ? event : "-");
}

void show_event(const char *method, const json_t *params)
{
	const char *name;
	json_t *v;

	if (strcmp(method, "missed") == 0) {
		printf("(%lld events were missed)\n",
		       (long long)json_integer_value(json_object_get(params, "events")));
	} else {
		print_head(params);
		json_object_foreach((json_t *)params, name, v) {
			if (is_head(name))
				continue;
			putchar(' ');
			cell_print(name);
			putchar('=');
			print_value(v);
		}
		putchar('\n');
	}
	fflush(stdout);
}

void show_event_json(const char *method, const json_t *params)
{
	json_t *line = strcmp(method, "event") == 0 ? json_copy((json_t *)params)
						    : json_pack("{s:O}", method, params);

	json_dumpf(line, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
	putchar('\n');
	fflush(stdout);
	json_decref(line);
}
