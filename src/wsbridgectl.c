/* SPDX-License-Identifier: MIT */
/* wsbridgectl's command line: a word to a request, its answer to a table or JSON. */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl_words.h"
#include "nearest.h"
#include "progress.h"
#include "rpc_client.h"

static const struct option long_options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "socket", required_argument, NULL, 's' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static void print_usage(FILE *out)
{
	fputs("usage: wsbridgectl [--socket PATH] [--json] WORD [ARGUMENT...]\n"
	      "       wsbridgectl -V | -h\n"
	      "TARGET is a client's ID, all, or path=/x.\n",
	      out);
	for (size_t i = 0; i < ctl_nwords; i++) {
		const struct ctl_word *w = &ctl_words[i];
		int n = fprintf(out, "  %s %s", w->name, w->args);

		fprintf(out, "%*s%s\n", n < 36 ? 36 - n : 1, "", w->doc);
	}
}

static const struct ctl_word *find_word(const char *name)
{
	const char *meant;
	struct nearest n;

	nearest_init(&n, name);
	for (size_t i = 0; i < ctl_nwords; i++) {
		if (strcmp(ctl_words[i].name, name) == 0)
			return &ctl_words[i];
		nearest_offer(&n, ctl_words[i].name);
	}
	meant = nearest_found(&n);
	fprintf(stderr, "wsbridgectl: unknown word '%s'%s%s%s\n", name,
		meant ? "; did you mean '" : "; -h lists them", meant ? meant : "",
		meant ? "'?" : "");
	return NULL;
}

/* The word of ARGV with as many arguments as it takes; NULL: said. */
static const struct ctl_word *parse_word(int argc, char **argv)
{
	const struct ctl_word *w;

	if (argc == 0) {
		print_usage(stderr);
		return NULL;
	}
	w = find_word(argv[0]);
	if (!w || (argc - 1 >= w->least && argc - 1 <= w->most))
		return w;
	ctl_usage(w->name);
	return NULL;
}

static void print_json(const json_t *result)
{
	json_dumpf(result, stdout,
		   JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(9));
	putchar('\n');
}

/* The file NAME, or standard input for "-"; -1: said. */
static int open_file(const char *name)
{
	int fd;

	if (strcmp(name, "-") == 0)
		return STDIN_FILENO;
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fprintf(stderr, "wsbridgectl: %s: %m\n", name);
	return fd;
}

static int run(const struct rpc_client *how, const struct ctl_word *w, char **argv,
	       bool json)
{
	struct rpc_client with = *how;
	json_t *params = w->params(argv);
	json_t *result;
	int code, fd = -1;

	if (!params)
		return EX_USAGE;
	if (w->file && (fd = open_file(argv[w->file - 1])) < 0) {
		json_decref(params);
		return EX_USAGE;
	}
	if (w->follow) {
		with.follows = true;
		with.on_notification = json ? show_event_json : w->follow;
	}
	result = rpc_client_ask(&with, w->name, params, fd, &code);
	progress_end();
	if (fd > STDIN_FILENO)
		close(fd);
	if (!result)
		return code;
	if (json)
		print_json(result);
	else
		w->show(result);
	json_decref(result);
	return fflush(stdout) == 0 ? EX_OK : EX_OSERR;
}

int main(int argc, char **argv)
{
	struct rpc_client how = { .on_notification = progress_draw };
	const struct ctl_word *w;
	bool json = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "+js:hV", long_options, NULL)) != -1)
		switch (opt) {
		case 'j':
			json = true;
			break;
		case 's':
			how.socket = optarg;
			break;
		case 'h':
			print_usage(stdout);
			return fflush(stdout) == 0 ? EX_OK : EX_OSERR;
		case 'V':
			puts("wsbridgectl " VERSION);
			return fflush(stdout) == 0 ? EX_OK : EX_OSERR;
		default:
			print_usage(stderr);
			return EX_USAGE;
		}
	w = parse_word(argc - optind, argv + optind);
	if (!w)
		return EX_USAGE;
	if (w->run)
		return w->run(argc - optind, argv + optind);
	return run(&how, w, argv + optind + 1, json);
}
