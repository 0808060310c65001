/* SPDX-License-Identifier: MIT */
/* load_options.c - the load generator's command line. */
#include "mode.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_USAGE 64

static const char usage[] =
	"usage: load [--url ws[s]://127.0.0.1:PORT/PATH] [OPTIONS] "
	"echo|down|up|connect|idle|rest\n"
	"  --resume        wss: resume TLS sessions instead of full handshakes\n"
	"  --raw           plain TCP; a message is a line\n"
	"  --clients N     connections (1)\n"
	"  --crowd N       connections beside them that say nothing (0)\n"
	"  --inflight K    echo: messages on their way at once, for each client (1)\n"
	"  --size BYTES    echo, up, connect: bytes of a message (32)\n"
	"  --line TEXT     down: what each message says\n"
	"  --stream        down: check the bytes, however they are cut into messages\n"
	"  --end eof|close up: how to end (eof: an empty binary message)\n"
	"  --seconds S     how long to measure (3)\n"
	"  --messages M    or how many messages (connect: connections)\n"
	"  --timeout S     give the run up with exit 3 (seconds + 30)\n"
	"  --pid PID       the daemon whose CPU time and memory are measured\n";

static _Noreturn void fail_usage(const char *what)
{
	fprintf(stderr, "load: %s; try load --help\n", what);
	exit(EXIT_USAGE);
}

static const struct load_mode *find_mode(const char *name)
{
	static const struct load_mode *const modes[] = {
		&mode_echo, &mode_down, &mode_up, &mode_connect, &mode_idle, &mode_rest,
	};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(modes[i]->name, name) == 0)
			return modes[i];
	fail_usage("unknown mode");
}

static uint64_t number(const char *text, uint64_t min, uint64_t max)
{
	char *end;
	unsigned long long value = strtoull(text, &end, 10);

	if (end == text || *end || value < min || value > max)
		fail_usage("a number is wrong");
	return value;
}

static void set_url(struct load *load, const char *url)
{
	struct conn_target *target = &load->target;
	char host[32];
	unsigned port;
	int n = 0;

	load->options.tls = strncmp(url, "wss:", 4) == 0;
	if (sscanf(url, "%*[ws]://%31[0-9.]:%u%n", host, &port, &n) != 2 ||
	    port > UINT16_MAX || inet_pton(AF_INET, host, &target->address.sin_addr) != 1)
		fail_usage("--url is not ws[s]://IPV4:PORT/PATH");
	target->address.sin_family = AF_INET;
	target->address.sin_port = htons((uint16_t)port);
	snprintf(target->host, sizeof(target->host), "%s:%u", host, port);
	snprintf(target->path, sizeof(target->path), "%s", url[n] ? url + n : "/");
}

static const struct option long_options[] = {
	{ "url", 1, NULL, 'u' },     { "raw", 0, NULL, 'r' },
	{ "resume", 0, NULL, 'R' },  { "crowd", 1, NULL, 'C' },
	{ "clients", 1, NULL, 'c' }, { "inflight", 1, NULL, 'k' },
	{ "size", 1, NULL, 'b' },    { "line", 1, NULL, 'l' },
	{ "stream", 0, NULL, 'S' },  { "end", 1, NULL, 'e' },
	{ "seconds", 1, NULL, 's' }, { "messages", 1, NULL, 'm' },
	{ "timeout", 1, NULL, 't' }, { "pid", 1, NULL, 'p' },
	{ "help", 0, NULL, 'h' },    { NULL, 0, NULL, 0 },
};

static void set_option(struct load *load, int name)
{
	struct load_options *o = &load->options;

	switch (name) {
	case 'u':
		set_url(load, optarg);
		break;
	case 'R':
		o->resume = true;
		break;
	case 'r':
		load->target.raw = true;
		break;
	case 'c':
		o->clients = (unsigned)number(optarg, 1, 65535);
		break;
	case 'C':
		o->crowd = (unsigned)number(optarg, 0, 65535);
		break;
	case 'k':
		o->inflight = (unsigned)number(optarg, 1, 65536);
		break;
	case 'b':
		o->size = number(optarg, 1, 64 << 20);
		break;
	case 'l':
		o->line = optarg;
		break;
	case 'S':
		o->stream = true;
		break;
	case 'e':
		o->end = strcmp(optarg, "close") == 0 ? END_CLOSE : END_EOF;
		break;
	case 's':
		o->run_ns = (int64_t)(strtod(optarg, NULL) * LOAD_NS_PER_SECOND);
		break;
	case 'm':
		o->messages = number(optarg, 1, UINT32_MAX);
		break;
	case 't':
		o->timeout = (unsigned)number(optarg, 1, 86400);
		break;
	case 'p':
		o->pid = (pid_t)number(optarg, 1, INT32_MAX);
		break;
	case 'h':
		fputs(usage, stdout);
		exit(EXIT_SUCCESS);
	default:
		fail_usage("unknown option");
	}
}

static void check_options(struct load *load)
{
	struct load_options *o = &load->options;

	if (load->target.address.sin_port == 0)
		fail_usage("--url is missing");
	if (o->run_ns <= 0)
		fail_usage("--seconds is wrong");
	if (strcmp(load->mode->name, "down") == 0 && !o->line)
		fail_usage("down needs --line");
	if (o->tls && load->target.raw)
		fail_usage("wss: is not for --raw");
	if (load->mode->measures_memory) {
		if (!o->pid)
			fail_usage("idle needs --pid");
		o->clients++; /* the first is not counted */
		o->messages = UINT32_MAX;
	}
	if (o->timeout == 0)
		o->timeout = (unsigned)(o->run_ns / LOAD_NS_PER_SECOND) + 30;
	if (load->target.raw && !load->mode->cuts_raw)
		o->stream = true;
}

void load_parse_options(struct load *load, int argc, char **argv)
{
	int name;

	load->options = (struct load_options){
		.clients = 1,
		.inflight = 1,
		.size = 32,
		.run_ns = 3 * LOAD_NS_PER_SECOND,
	};
	while ((name = getopt_long(argc, argv, "", long_options, NULL)) >= 0)
		set_option(load, name);
	if (optind != argc - 1)
		fail_usage("one mode, please");
	load->mode = find_mode(argv[optind]);
	check_options(load);
}
