/* SPDX-License-Identifier: MIT */
/* The daemon's answers as text for people. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl_words.h"
#include "table.h"

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "-";
}

static double number_of(const json_t *object, const char *name)
{
	return json_number_value(json_object_get(object, name));
}

void show_version(const json_t *result)
{
	printf("%s %s (pid %.0f)\n", text_of(result, "name"), text_of(result, "version"),
	       number_of(result, "pid"));
}

/* ---- fields ---- */

static bool is_traffic(const json_t *v)
{
	return json_object_size(v) == 2 && json_object_get(v, "messages") &&
	       json_object_get(v, "bytes");
}

static void print_value(const json_t *v)
{
	char cell[32];
	const json_t *one;
	size_t i;

	if (is_traffic(v))
		printf("%.0f messages, %s bytes", number_of(v, "messages"),
		       cell_bytes(number_of(v, "bytes"), cell));
	else if (json_is_string(v))
		cell_print(json_string_value(v));
	else if (json_is_integer(v))
		printf("%lld", (long long)json_integer_value(v));
	else if (json_is_real(v))
		printf("%ss", cell_exact(json_real_value(v), cell));
	else if (json_is_boolean(v))
		fputs(json_is_true(v) ? "yes" : "no", stdout);
	else if (json_is_null(v))
		fputs("-", stdout);
	json_array_foreach(v, i, one) {
		fputs(i ? ", " : "", stdout);
		print_value(one);
	}
}

void show_fields(const json_t *result)
{
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)result, name, v) {
		printf("%-16s ", name);
		print_value(v);
		putchar('\n');
	}
}

/* ---- list ---- */

static int by_id(const void *a, const void *b)
{
	double one = number_of(*(json_t *const *)a, "id");
	double other = number_of(*(json_t *const *)b, "id");

	return (one > other) - (one < other);
}

/* How many share its program; is there anything to tell? */
static bool shares(const json_t *client)
{
	return json_is_integer(json_object_get(client, "clients"));
}

static void add_client(struct table *t, const json_t *client, bool sharing)
{
	const json_t *in = json_object_get(client, "in");
	const json_t *out = json_object_get(client, "out");
	const json_t *pid = json_object_get(client, "pid");
	bool is_open = strcmp(text_of(client, "state"), "open") == 0;
	char cell[32];

	table_add(t, "%.0f", number_of(client, "id"));
	table_add(t, "%s", text_of(client, "path"));
	table_add(t, "%s", text_of(client, "peer"));
	table_add(t, "%s", cell_seconds(number_of(client, "seconds"), cell));
	table_add(t, "%.0f/%s", number_of(in, "messages"),
		  cell_bytes(number_of(in, "bytes"), cell));
	table_add(t, "%.0f/%s", number_of(out, "messages"),
		  cell_bytes(number_of(out, "bytes"), cell));
	table_add(t, "%s", cell_bytes(number_of(client, "queue"), cell));
	if (sharing && shares(client))
		table_add(t, "%.0f", number_of(client, "clients"));
	else if (sharing)
		table_add(t, "-");
	if (!is_open)
		table_add(t, "%s", text_of(client, "state"));
	else if (json_is_integer(pid))
		table_add(t, "%lld", (long long)json_integer_value(pid));
	else
		table_add(t, "-");
}

static bool any_shares(const json_t *clients)
{
	const json_t *client;
	size_t i;

	json_array_foreach(clients, i, client) {
		if (shares(client))
			return true;
	}
	return false;
}

void show_list(const json_t *result)
{
	static const char *const alone[] = { ">ID",  "PATH",   "PEER",    ">FOR", ">IN",
					     ">OUT", ">QUEUE", "PROCESS", NULL };
	static const char *const shared[] = { ">ID",     "PATH", "PEER",   ">FOR",
					      ">IN",     ">OUT", ">QUEUE", ">CLIENTS",
					      "PROCESS", NULL };
	size_t n = json_array_size(result);
	const json_t **sorted = calloc(n + 1, sizeof(*sorted));
	bool sharing = any_shares(result);
	struct table *t = table_new(sharing ? shared : alone);

	if (!sorted || !t)
		abort();
	for (size_t i = 0; i < n; i++)
		sorted[i] = json_array_get(result, i);
	if (!list_is_sorted())
		qsort(sorted, n, sizeof(*sorted), by_id);
	for (size_t i = 0; i < n; i++)
		add_client(t, sorted[i], sharing);
	table_print(t, stdout);
	table_free(t);
	free(sorted);
}

/* ---- others ---- */

void show_counts(const json_t *result)
{
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)result, name, v)
		printf("%s: %lld\n", name, (long long)json_integer_value(v));
}

void show_ping(const json_t *result)
{
	if (json_object_get(result, "round_trip"))
		printf("%.0f: %.3f ms\n", number_of(result, "id"),
		       number_of(result, "round_trip") * 1e3);
	else
		show_counts(result);
}

void show_reload(const json_t *result)
{
	const json_t *line;
	size_t i;

	json_array_foreach(json_object_get(result, "warnings"), i, line) {
		cell_print(json_string_value(line) ? json_string_value(line) : "");
		putchar('\n');
	}
	cell_print(text_of(result, "file"));
	fputs(" is taken; listening on ", stdout);
	print_value(json_object_get(result, "listening"));
	putchar('\n');
}

void show_set(const json_t *result)
{
	cell_print(text_of(result, "key"));
	fputs(" = ", stdout);
	cell_print(text_of(result, "value"));
	printf(" (%s)\n", text_of(result, "applies"));
}

void show_keys(const json_t *result)
{
	static const char *const heads[] = { "SECTION", "KEY",    "DEFAULT",
					     "APPLIES", "VALUES", NULL };
	struct table *t = table_new(heads);
	const json_t *row;
	size_t i;

	if (!t)
		abort();
	json_array_foreach(result, i, row) {
		table_add(t, "%s", text_of(row, "section"));
		table_add(t, "%s", text_of(row, "key"));
		table_add(t, "%s", text_of(row, "default"));
		table_add(t, "%s", text_of(row, "applies"));
		table_add(t, "%s", text_of(row, "values"));
	}
	table_print(t, stdout);
	table_free(t);
}
