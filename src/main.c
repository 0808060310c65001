/* SPDX-License-Identifier: MIT */
/* wsbridged's command line: argv, check or run, exit codes. */
#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "conf_check.h"
#include "conf_tls.h"
#include "from_websocketd.h"
#include "instant.h"
#include "make_secret.h"
#include "server.h"
#include "sys.h"

#define MMAP_THRESHOLD (256 * 1024) /* bytes; larger blocks are given back when freed */
#define DEFAULT_FILE SYSCONFDIR "/wsbridge.ini"

enum mode {
	MODE_RUN,
	MODE_CHECK,
	MODE_PRINT,
	MODE_DEMO,
	MODE_COMMAND,
	MODE_PRINT_COMMAND
};

struct command_line {
	enum mode mode;
	const char *file;
	struct instant_options instant;
	struct server_options server;
	enum conf_names names; /* that -T prints */
};

static const char usage_text[] =
	"usage: wsbridged [-c FILE] [-v]      run (FILE: " DEFAULT_FILE ")\n"
	"       wsbridged [-c FILE] -t        check FILE and what it needs\n"
	"       wsbridged [-c FILE] -T [--wsserver-names]\n"
	"                                     print every effective key and its origin; under\n"
	"                                     WSServer's names and in its units where it has them\n"
	"       wsbridged [--bind ADDRESS] [--port N] [--tls] [--pty] [--view] [--write]\n"
	"                 [-v] -- CMD [ARG...]\n"
	"                                     serve one command at /, without a file;\n"
	"                                     with -T, but not --tls: print the file that does\n"
	"                                     the same\n"
	"       wsbridged --demo              write and run ./demo.ini\n"
	"       wsbridged --from-websocketd ARG...\n"
	"                                     print the ini for that command line\n"
	"       wsbridged --hash-password [USER]\n"
	"                                     ask for a password, print a line of a htpasswd file\n"
	"       wsbridged --hash-token [NAME] make a token, print it and its line\n"
	"       wsbridged -V | -h             version; this text\n";

enum {
	OPT_PORT = 256,
	OPT_BIND,
	OPT_TLS,
	OPT_PTY,
	OPT_VIEW,
	OPT_WRITE,
	OPT_DEMO,
	OPT_NAMES,
	OPT_FROM,
	OPT_PASSWORD,
	OPT_TOKEN
};

static const struct option long_options[] = {
	{ "port", required_argument, NULL, OPT_PORT },
	{ "bind", required_argument, NULL, OPT_BIND },
	{ "tls", no_argument, NULL, OPT_TLS },
	{ "pty", no_argument, NULL, OPT_PTY },
	{ "view", no_argument, NULL, OPT_VIEW },
	{ "write", no_argument, NULL, OPT_WRITE },
	{ "demo", no_argument, NULL, OPT_DEMO },
	{ "wsserver-names", no_argument, NULL, OPT_NAMES },
	{ "from-websocketd", no_argument, NULL, OPT_FROM },
	{ "hash-password", no_argument, NULL, OPT_PASSWORD },
	{ "hash-token", no_argument, NULL, OPT_TOKEN },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static _Noreturn void bad_usage(const char *text)
{
	fprintf(stderr, "wsbridged: %s\n", text);
	exit(EX_USAGE);
}

static _Noreturn void say(const char *text)
{
	fputs(text, stdout);
	exit(fflush(stdout) == 0 ? EX_OK : EX_OSERR);
}

static void set_mode(struct command_line *cl, enum mode mode)
{
	if (cl->mode != MODE_RUN && cl->mode != mode)
		bad_usage("-t, -T and --demo do not go together");
	cl->mode = mode;
}

static void take_option(struct command_line *cl, int opt)
{
	switch (opt) {
	case 'c':
		cl->file = optarg;
		break;
	case 't':
		set_mode(cl, MODE_CHECK);
		break;
	case 'T':
		set_mode(cl, MODE_PRINT);
		break;
	case 'v':
		cl->server.verbose = true;
		break;
	case 'V':
		say("wsbridged " VERSION "\n");
	case 'h':
		say(usage_text);
	case OPT_PORT:
		cl->instant.port = optarg;
		break;
	case OPT_BIND:
		cl->instant.bind = optarg;
		break;
	case OPT_TLS:
		cl->instant.tls = true;
		break;
	case OPT_PTY:
		cl->instant.pty = true;
		break;
	case OPT_VIEW:
		cl->instant.view = true;
		break;
	case OPT_WRITE:
		cl->instant.write = true;
		break;
	case OPT_NAMES:
		cl->names = CONF_NAMES_WSSERVER;
		break;
	case OPT_DEMO:
		set_mode(cl, MODE_DEMO);
		break;
	default:
		fputs(usage_text, stderr);
		exit(EX_USAGE);
	}
}

/* What belongs to `-- CMD` alone. */
static bool has_instant_options(const struct command_line *cl)
{
	const struct instant_options *o = &cl->instant;

	return o->port || o->bind || o->tls || o->pty || o->view || o->write;
}

/* --hash-password and --hash-token, whose one argument NAME may be missing. */
static _Noreturn void make_secret(int opt, char *const *name)
{
	if (name[0] && name[1])
		bad_usage("--hash-password and --hash-token take one name at most");
	exit(opt == OPT_TOKEN ? make_secret_token(name[0], stdout, stderr)
			      : make_secret_password(name[0], stdout, stderr));
}

static void parse(int argc, char **argv, struct command_line *cl)
{
	int opt;

	while ((opt = getopt_long(argc, argv, "+c:tTvVh", long_options, NULL)) != -1) {
		if (opt == OPT_FROM) /* all that follows is websocketd's */
			exit(from_websocketd(argv + optind, stdout, stderr));
		if (opt == OPT_PASSWORD || opt == OPT_TOKEN)
			make_secret(opt, argv + optind);
		take_option(cl, opt);
	}
	if (optind > 0 && strcmp(argv[optind - 1], "--") == 0) {
		if (!argv[optind])
			bad_usage(
				"nothing to run after --; example: wsbridged -- vmstat 1");
		if ((cl->mode != MODE_RUN && cl->mode != MODE_PRINT) || cl->file)
			bad_usage("-c, -t and --demo do not go with a command after --");
		cl->mode = cl->mode == MODE_PRINT ? MODE_PRINT_COMMAND : MODE_COMMAND;
		cl->instant.argv = argv + optind;
	} else if (argv[optind]) {
		fprintf(stderr,
			"wsbridged: unexpected '%s'; a file is named with -c: wsbridged -c "
			"%s; a command stands after --: wsbridged -- %s\n",
			argv[optind], argv[optind], argv[optind]);
		exit(EX_USAGE);
	} else if (has_instant_options(cl)) {
		bad_usage(
			"--bind, --port, --tls, --pty, --view and --write need a command: wsbridged -- CMD");
	}
	if (cl->mode == MODE_DEMO && cl->file)
		bad_usage("--demo serves ./demo.ini; -c does not go with it");
	if (cl->names != CONF_NAMES_OWN && cl->mode != MODE_PRINT)
		bad_usage("--wsserver-names goes with -T");
	if (cl->instant.view && cl->instant.write)
		bad_usage("--view and --write contradict each other");
}

static struct conf *load(const struct command_line *cl, int *ret_status)
{
	switch (cl->mode) {
	case MODE_COMMAND:
		return instant_command(&cl->instant, ret_status);
	case MODE_DEMO:
		return instant_demo(ret_status);
	default:
		return conf_load(cl->file ? cl->file : DEFAULT_FILE, stderr, ret_status);
	}
}

static void tell_good(const struct conf *conf)
{
	const struct tls_section *t;

	fprintf(stderr, "wsbridged: %s is good", conf->file);
	for (size_t i = 0; (t = conf_tls_at(conf, i)); i++)
		if (t->conf.certificate)
			fprintf(stderr, "; %s certificate%s%s has %d days left",
				i ? "the" : "its", i ? " of " : "", i ? t->head.name : "",
				conf_tls_days_left(t));
	fputc('\n', stderr);
}

/* Check what has to be there at the start, and serve CONF, which is taken over. */
static int serve(struct command_line *cl, struct conf *conf)
{
	int status = 0;

	if (cl->mode == MODE_COMMAND)
		status = conf_check_programs(conf, stderr);
	if (status == 0)
		status = conf_tls_open(conf, stderr);
	if (status) {
		conf_free(conf);
		return status;
	}
	cl->server.demo = cl->mode == MODE_DEMO;
	cl->server.banner = cl->mode == MODE_DEMO || cl->mode == MODE_COMMAND;
	cl->server.undecided = cl->mode == MODE_COMMAND && !cl->instant.view;
	return server_run(conf, &cl->server);
}

int main(int argc, char **argv)
{
	struct command_line cl = { .mode = MODE_RUN };
	struct conf *conf;
	int status = 0;

	/* Else glibc raises its threshold with the first large buffer that is freed, and
	 * all later ones stay in the heap. */
	mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD);
	parse(argc, argv, &cl);
	if (sys_fill_stdio() < 0) {
		perror("wsbridged: /dev/null");
		return EX_OSERR;
	}
	if (cl.mode == MODE_PRINT_COMMAND)
		return instant_print(&cl.instant, stdout);
	conf = load(&cl, &status);
	if (!conf && status == EX_NOINPUT && !cl.file)
		fputs("wsbridged: name a file with -c FILE, or try: wsbridged -- vmstat 1\n",
		      stderr);
	if (!conf)
		return status;
	switch (cl.mode) {
	case MODE_CHECK:
		status = conf_check_world(conf, stderr);
		if (status == 0)
			tell_good(conf);
		conf_free(conf);
		return status;
	case MODE_PRINT:
		conf_print(conf, cl.names, stdout);
		conf_free(conf);
		return fflush(stdout) == 0 ? EX_OK : EX_OSERR;
	default:
		return serve(&cl, conf);
	}
}
