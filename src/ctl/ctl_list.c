/* SPDX-License-Identifier: MIT */
/* The word list: which of the clients, and in what order. */
#include <limits.h>
#include <stdio.h>

#include "ctl_words.h"
#include "num.h"

/* The numbers; --sort is the daemon's to judge. */
static const char *const numbers[][2] = { { "--limit", "limit" }, { "--skip", "skip" } };

static bool is_sorted;

/* The VALUE of the option NAMES[0]; false: it is missing or none, said. */
static bool take_number(json_t *params, const char *const names[2], const char *value)
{
	char wrong[NUM_ERR];
	long n;

	if (!value) {
		ctl_usage("list");
		return false;
	}
	if (num_int(value, 0, LONG_MAX, &n, wrong) < 0) {
		fprintf(stderr, "wsbridgectl: list: %s %s\n", names[0], wrong);
		return false;
	}
	json_object_set_new(params, names[1], json_integer(n));
	return true;
}

/* The word at ARGV[*I] and its value; false: said. */
static bool take(json_t *params, char **argv, int *i)
{
	const char *value;

	for (size_t k = 0; k < sizeof(numbers) / sizeof(*numbers); k++)
		if (ctl_option(argv, i, numbers[k][0], &value))
			return take_number(params, numbers[k], value);
	if (ctl_option(argv, i, "--sort", &value) && value) {
		is_sorted = true;
		return json_object_set_new(params, "sort", json_string(value)) == 0;
	}
	if (argv[*i][0] == '/' && !json_object_get(params, "path"))
		return json_object_set_new(params, "path", json_string(argv[*i])) == 0;
	ctl_usage("list");
	return false;
}

bool list_is_sorted(void)
{
	return is_sorted;
}

json_t *list_params(char **argv)
{
	json_t *params = json_object();

	for (int i = 0; argv[i]; i++)
		if (!take(params, argv, &i)) {
			json_decref(params);
			return NULL;
		}
	return params;
}
