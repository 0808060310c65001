/* SPDX-License-Identifier: MIT */
/* wsbridgectl's words: what each takes, asks for and shows. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "connect.h"
#include "ctl_words.h"
#include "num.h"

/* ---- parameters ---- */

static json_t *no_params(char **argv)
{
	(void)argv;
	return json_object();
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

/* ---- messages ---- */

#define MESSAGE_MOST (1024 * 1024) /* more never fits a request */

/* The bytes of FILE, or of standard input for NULL or "-", yours; NULL: said. */
static char *read_message(const char *file, size_t *ret_n)
{
	bool named = file && strcmp(file, "-") != 0;
	FILE *f = named ? fopen(file, "re") : stdin;
	char *p = malloc(MESSAGE_MOST + 1);
	size_t n = f && p ? fread(p, 1, MESSAGE_MOST + 1, f) : 0;

	if (!f || !p || ferror(f)) {
		fprintf(stderr, "wsbridgectl: %s: %m\n", named ? file : "standard input");
	} else if (n > MESSAGE_MOST) {
		fputs("wsbridgectl: more than 1 MiB; send-file takes what is longer\n",
		      stderr);
	} else {
		*ret_n = n;
		if (named)
			fclose(f);
		return p;
	}
	if (f && named)
		fclose(f);
	free(p);
	return NULL;
}

/* The bytes of FILE in base64; NULL: said. */
static json_t *bytes_of(const char *file)
{
	size_t n = 0;
	char *p = read_message(file, &n);
	char *coded = p ? malloc(BASE64_SIZE(n)) : NULL;
	json_t *bytes = NULL;

	if (coded) {
		base64_encode((struct span){ p, n }, coded);
		bytes = json_string(coded);
	}
	free(coded);
	free(p);
	return bytes;
}

/* TEXT, or standard input without the newline at its end; NULL: said. */
static json_t *text_of(char *text, const char *instead)
{
	size_t n = text ? strlen(text) : 0;
	char *p = text ? text : read_message(NULL, &n);
	json_t *json;

	if (!p)
		return NULL;
	if (!text && n > 0 && p[n - 1] == '\n')
		n--;
	json = json_stringn(p, n);
	if (!json)
		fprintf(stderr,
			"wsbridgectl: the text is not UTF-8; %s takes any bytes\n",
			instead);
	if (!text)
		free(p);
	return json;
}

static json_t *send_params(char **argv)
{
	json_t *bytes = bytes_of(argv[1]);

	return bytes ? json_pack("{s:s, s:o}", "to", argv[0], "base64", bytes) : NULL;
}

static json_t *send_text_params(char **argv)
{
	json_t *text = text_of(argv[1], "send");

	return text ? json_pack("{s:s, s:o}", "to", argv[0], "text", text) : NULL;
}

static json_t *publish_params(char **argv)
{
	bool binary = strcmp(argv[0], "--binary") == 0;
	char **name = argv + binary;
	json_t *message;

	if (!*name || (name[1] && name[2])) {
		fputs("usage: wsbridgectl publish CHANNEL [TEXT]\n"
		      "       wsbridgectl publish --binary CHANNEL [FILE]\n",
		      stderr);
		return NULL;
	}
	message = binary ? bytes_of(name[1]) : text_of(name[1], "--binary");
	return message ? json_pack("{s:s, s:o}", "channel", *name,
				   binary ? "base64" : "text", message)
		       : NULL;
}

static json_t *send_file_params(char **argv)
{
	json_t *params = to_params(argv);
	bool text = argv[2] && strcmp(argv[2], "--text") == 0;

	json_object_set_new(params, "progress", json_true());
	json_object_set_new(params, "text", json_boolean(text));
	if (!argv[2] || text)
		return params;
	fputs("usage: wsbridgectl send-file ID FILE [--text]\n", stderr);
	json_decref(params);
	return NULL;
}

/* ---- the daemon ---- */

static json_t *listen_params(char **argv)
{
	bool on = strcmp(argv[0], "on") == 0;

	if (on || strcmp(argv[0], "off") == 0)
		return json_pack("{s:b, s:s*}", "on", on, "listener", argv[1]);
	fputs("usage: wsbridgectl listen on|off [LISTENER]\n", stderr);
	return NULL;
}

static json_t *shutdown_params(char **argv)
{
	char wrong[NUM_ERR];
	double seconds;

	if (!argv[0])
		return json_object();
	if (num_seconds(argv[0], 0, 86400, &seconds, wrong) == 0)
		return json_pack("{s:I}", "timeout", (json_int_t)(seconds + 0.999));
	fprintf(stderr, "wsbridgectl: shutdown: %s\n", wrong);
	return NULL;
}

static json_t *get_params(char **argv)
{
	return json_pack("{s:s}", "key", argv[0]);
}

static json_t *set_params(char **argv)
{
	json_t *params = json_pack("{s:s, s:s}", "key", argv[0], "value", argv[1]);

	if (!params)
		fputs("wsbridgectl: set: a value is UTF-8\n", stderr);
	return params;
}

/* clang-format off */
const struct ctl_word ctl_words[] = {
	{ "version", "", "the daemon's version and pid", 0, 0,
	  .params = no_params, .show = show_version },
	{ "status", "", "listeners, clients, programs, uptime", 0, 0,
	  .params = no_params, .show = show_fields },
	{ "list", "[--sort WHAT] [--limit N] [--skip N] [/PATH]", "the clients", 0, 7,
	  .params = list_params, .show = show_list },
	{ "show", "ID", "everything about a client", 1, 1,
	  .params = to_params, .show = show_fields },
	{ "disconnect", "TARGET [CODE [REASON]]", "close clients", 1, 3,
	  .params = disconnect_params, .show = show_counts },
	{ "ping", "TARGET", "ping clients; of one, the round trip", 1, 1,
	  .params = to_params, .show = show_ping },
	{ "send", "TARGET [FILE]", "a binary message: FILE, or standard input", 1, 2,
	  .params = send_params, .show = show_counts },
	{ "send-text", "TARGET [TEXT]", "a text message: TEXT, or standard input", 1, 2,
	  .params = send_text_params, .show = show_counts },
	{ "publish", "[--binary] CHANNEL [TEXT]", "a message to all of a channel: TEXT, or standard input", 1, 3,
	  .params = publish_params, .show = show_counts },
	{ "send-file", "ID FILE [--text]", "a file of any size as one message", 2, 3,
	  .params = send_file_params, .show = show_counts, .file = 2 },
	{ "interrupt", "TARGET", "drop what waits for clients, but cut no frame", 1, 1,
	  .params = to_params, .show = show_counts },
	{ "listen", "on|off [LISTENER]", "close the listening sockets, or one, or open them again", 1, 2,
	  .params = listen_params, .show = show_fields },
	{ "get", "KEY", "a setting: limits.full, /x.queue", 1, 1,
	  .params = get_params, .show = show_fields },
	{ "set", "KEY VALUE", "change a setting until the next reload", 2, 2,
	  .params = set_params, .show = show_set },
	{ "keys", "", "all settings", 0, 0,
	  .params = no_params, .show = show_keys },
	{ "events", "[--filter NAME=VALUE]...", "what happens, as it happens", 0, 32,
	  .params = events_params, .show = show_counts, .follow = show_event },
	{ "shutdown", "[TIME]",
	  "stop the daemon, kill what is left after TIME (shutdown_timeout)", 0, 1,
	  .params = shutdown_params, .show = show_fields },
	{ "reload", "", "read the configuration again, and tell what is wrong with it", 0, 0,
	  .params = no_params, .show = show_reload },
	{ "connect", "URL [OPTION...]", "a WebSocket on standard input and output", 1, 999,
	  .run = connect_run },
};
/* clang-format on */

const size_t ctl_nwords = sizeof(ctl_words) / sizeof(*ctl_words);

void ctl_usage(const char *name)
{
	for (size_t i = 0; i < ctl_nwords; i++)
		if (strcmp(ctl_words[i].name, name) == 0)
			fprintf(stderr, "usage: wsbridgectl %s %s\n", name,
				ctl_words[i].args);
}

bool ctl_option(char **argv, int *i, const char *name, const char **ret_value)
{
	const char *word = argv[*i];
	size_t n = strlen(name);

	if (strncmp(word, name, n) != 0 || (word[n] != '=' && word[n] != '\0'))
		return false;
	if (word[n] == '=')
		*ret_value = word + n + 1;
	else
		*ret_value = argv[*i + 1] ? argv[++*i] : NULL;
	return true;
}
