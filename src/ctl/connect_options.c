/* SPDX-License-Identifier: MIT */
/* The command line of wsbridgectl connect. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "connect_options.h"
#include "handshake_client.h"
#include "num.h"

enum {
	OPT_CACERT = 256,
	OPT_CERT,
	OPT_CLOSE,
	OPT_INSECURE,
	OPT_KEY,
	OPT_NO_EOF,
	OPT_ORIGIN,
	OPT_PING,
	OPT_SUBPROTOCOL,
	OPT_TIMEOUT,
	OPT_TOKEN_ENV,
	OPT_TOKEN_FILE,
};

static const struct option long_options[] = {
	{ "cacert", required_argument, NULL, OPT_CACERT },
	{ "cert", required_argument, NULL, OPT_CERT },
	{ "close", no_argument, NULL, OPT_CLOSE },
	{ "connect-timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "header", required_argument, NULL, 'H' },
	{ "help", no_argument, NULL, 'h' },
	{ "insecure", no_argument, NULL, OPT_INSECURE },
	{ "key", required_argument, NULL, OPT_KEY },
	{ "no-eof", no_argument, NULL, OPT_NO_EOF },
	{ "origin", required_argument, NULL, OPT_ORIGIN },
	{ "ping", required_argument, NULL, OPT_PING },
	{ "quiet", no_argument, NULL, 'q' },
	{ "raw", no_argument, NULL, 'r' },
	{ "subprotocol", required_argument, NULL, OPT_SUBPROTOCOL },
	{ "token-env", required_argument, NULL, OPT_TOKEN_ENV },
	{ "token-file", required_argument, NULL, OPT_TOKEN_FILE },
	{ "user", required_argument, NULL, 'u' },
	{ NULL, 0, NULL, 0 },
};

static const char usage[] =
	"usage: wsbridgectl connect [OPTION...] URL\n"
	"URL is ws://HOST[:PORT]/PATH, wss://... or unix:/SOCKET:/PATH.\n"
	"  -r, --raw                  bytes as they come, instead of lines\n"
	"      --close                close at the end of standard input\n"
	"      --no-eof               say nothing at the end of standard input\n"
	"      --ping TIME            ask for a sign of life, and miss it\n"
	"  -q, --quiet                do not tell how it was closed\n"
	"  -H, --header 'NAME: VALUE' another field of the request\n"
	"      --subprotocol NAME     offered to the server; the first is preferred\n"
	"      --origin URL           what a browser would say\n"
	"  -u, --user NAME[:PASSWORD] asks for the password on the terminal\n"
	"      --token-file FILE      its first line is a bearer token\n"
	"      --token-env VARIABLE   so is the value of the variable\n"
	"      --cacert FILE          trust these certificates instead of the system's\n"
	"      --insecure             trust any certificate\n"
	"      --cert FILE            the client's certificate, PEM\n"
	"      --key FILE             its key, unless that is in the same file\n"
	"      --connect-timeout TIME until the WebSocket is open (30s)\n";

/* TEXT with a unit, or in seconds without one. */
static bool parse_time(const char *option, const char *text, double *ret)
{
	char with_unit[64], wrong[NUM_ERR];
	size_t n = strlen(text);
	bool bare = n > 0 && n < sizeof(with_unit) - 1 && strspn(text, "0123456789") == n;

	snprintf(with_unit, sizeof(with_unit), "%ss", text);
	if (num_seconds(bare ? with_unit : text, 0.001, 86400, ret, wrong) == 0)
		return true;
	fprintf(stderr, "wsbridgectl: connect: --%s: %s\n", option, wrong);
	return false;
}

/* The value of an option may not break the request's lines. */
static bool check_value(const char *option, const char *text)
{
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7F) {
			fprintf(stderr, "wsbridgectl: connect: --%s: a control byte\n",
				option);
			return false;
		}
	return true;
}

static bool add_field(struct connect_options *o, const char *line)
{
	const char **end = o->fields;

	while (*end)
		end++;
	*end = line;
	if (handshake_field_valid(line))
		return true;
	fprintf(stderr,
		"wsbridgectl: connect: -H: '%s' is no field that can be added; "
		"as in -H 'Name: value'\n",
		line);
	return false;
}

static bool add_subprotocol(struct connect_options *o, const char *name)
{
	const char **end = o->subprotocols;

	while (*end)
		end++;
	*end = name;
	if (http_is_token((struct span){ name, strlen(name) }))
		return true;
	fprintf(stderr, "wsbridgectl: connect: --subprotocol: '%s' is no token\n", name);
	return false;
}

/* A password on the command line is seen by everybody; so as short as can be. */
static bool take_user(struct connect_options *o, char *text)
{
	free((char *)o->user);
	o->user = strdup(text);
	if (strchr(text, ':'))
		memset(strchr(text, ':'), 0, strlen(strchr(text, ':')));
	return o->user && check_value("user", o->user);
}

static bool take_tls(struct wire_tls_conf *t, int opt)
{
	if (opt == OPT_INSECURE)
		t->insecure = true;
	else if (opt == OPT_CACERT)
		t->cacert = optarg;
	else if (opt == OPT_CERT)
		t->cert = optarg;
	else
		t->key = optarg;
	return true;
}

static bool take(struct connect_options *o, int opt)
{
	switch (opt) {
	case 'H':
		return add_field(o, optarg);
	case 'q':
		return o->quiet = true;
	case 'r':
		return o->relay.raw = true;
	case 'u':
		return take_user(o, optarg);
	case OPT_CLOSE:
		o->relay.at_end = RELAY_CLOSE;
		return true;
	case OPT_NO_EOF:
		o->relay.at_end = RELAY_STAY;
		return true;
	case OPT_ORIGIN:
		o->origin = optarg;
		return check_value("origin", optarg);
	case OPT_PING:
		return parse_time("ping", optarg, &o->relay.ping);
	case OPT_SUBPROTOCOL:
		return add_subprotocol(o, optarg);
	case OPT_TIMEOUT:
		return parse_time("connect-timeout", optarg, &o->timeout);
	case OPT_TOKEN_ENV:
		o->token_env = optarg;
		return true;
	case OPT_TOKEN_FILE:
		o->token_file = optarg;
		return true;
	case '?':
		fputs("wsbridgectl: connect -h lists the options\n", stderr);
		return false;
	default:
		return take_tls(&o->tls, opt);
	}
}

static bool take_url(struct connect_options *o, int argc, char **argv)
{
	const char *wrong;

	if (optind + 1 != argc) {
		fputs(usage, stderr);
		return false;
	}
	wrong = ws_url_parse(argv[optind], &o->url);
	if (wrong)
		fprintf(stderr, "wsbridgectl: connect: %s: %s\n", argv[optind], wrong);
	return !wrong;
}

static bool check_together(const struct connect_options *o)
{
	const char *wrong = NULL;

	if ((o->user != NULL) + (o->token_file != NULL) + (o->token_env != NULL) > 1)
		wrong = "one of --user, --token-file and --token-env is enough";
	else if (o->tls.key && !o->tls.cert)
		wrong = "--key needs --cert";
	if (wrong)
		fprintf(stderr, "wsbridgectl: connect: %s\n", wrong);
	return !wrong;
}

bool connect_options_parse(int argc, char **argv, struct connect_options *ret,
			   int *ret_status)
{
	int opt;

	*ret = (struct connect_options){ .timeout = 30 };
	ret->fields = calloc((size_t)argc + 1, sizeof(*ret->fields));
	ret->subprotocols = calloc((size_t)argc + 1, sizeof(*ret->subprotocols));
	*ret_status = EX_USAGE;
	if (!ret->fields || !ret->subprotocols)
		return false;
	optind = 0; /* once more: main() has been here */
	while ((opt = getopt_long(argc, argv, "hH:qru:", long_options, NULL)) != -1) {
		if (opt == 'h') {
			fputs(usage, stdout);
			*ret_status = fflush(stdout) == 0 ? EX_OK : EX_OSERR;
			return false;
		}
		if (!take(ret, opt))
			return false;
	}
	return take_url(ret, argc, argv) && check_together(ret);
}

void connect_options_free(struct connect_options *o)
{
	free(o->fields);
	free(o->subprotocols);
	free((char *)o->user);
}
