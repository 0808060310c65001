/* SPDX-License-Identifier: MIT */
/* wsbridgectl's words: what each takes, asks for and shows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl_words.h"
#include "num.h"

/* ---- parameters ---- */

static json_t *no_params(char **argv)
{
	(void)argv;
	return json_object();
}

static json_t *path_params(char **argv)
{
	return argv[0] ? json_pack("{s:s}", "path", argv[0]) : json_object();
}

static json_t *to_params(char **argv)
{
	return json_pack("{s:s}", "to", argv[0]);
}

static json_t *disconnect_params(char **argv)
{
	json_t *params = to_params(argv);
	char wrong[NUM_ERR];
	long code;

	if (!argv[1])
		return params;
	if (num_int(argv[1], 0, 65535, &code, wrong) < 0) {
		fprintf(stderr, "wsbridgectl: disconnect: code %s\n", wrong);
		json_decref(params);
		return NULL;
	}
	json_object_set_new(params, "code", json_integer(code));
	if (argv[2])
		json_object_set_new(params, "reason", json_string(argv[2]));
	return params;
}

/* clang-format off */
const struct ctl_word ctl_words[] = {
	{ "version", "", "the daemon's version and pid", 0, 0,
	  no_params, show_version },
	{ "status", "", "listeners, clients, programs, uptime", 0, 0,
	  no_params, show_fields },
	{ "list", "[/PATH]", "the clients", 0, 1,
	  path_params, show_list },
	{ "show", "ID", "everything about a client", 1, 1,
	  to_params, show_fields },
	{ "disconnect", "TARGET [CODE [REASON]]", "close clients", 1, 3,
	  disconnect_params, show_counts },
	{ "ping", "TARGET", "ping clients; of one, the round trip", 1, 1,
	  to_params, show_ping },
	{ "reload", "", "read the configuration again, and tell what is wrong with it", 0, 0,
	  no_params, show_reload },
};
/* clang-format on */

const size_t ctl_nwords = sizeof(ctl_words) / sizeof(*ctl_words);
