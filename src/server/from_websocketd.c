/* SPDX-License-Identifier: MIT */
/* Turns a command line of websocketd into the ini that does the same. */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "addr.h"
#include "from_websocketd.h"
#include "ini_command.h"
#include "span.h"

/* How Go's flag package reads a flag. */
enum kind { BOOL, INT, UINT, TEXT };

enum flag_id {
	PORT,
	ADDRESS,
	SAMEORIGIN,
	ORIGIN,
	SSL,
	SSLCERT,
	SSLKEY,
	REDIRPORT,
	PASSENV,
	BINARY,
	REVERSELOOKUP,
	DIR_FLAG,
	STATICDIR,
	CGIDIR,
	MAXFORKS,
	CLOSEMS,
	HEADER,
	HEADER_WS,
	HEADER_HTTP,
	DEVCONSOLE,
	LOGLEVEL,
	HELP,
	VERSION_FLAG,
	LICENSE,
	FLAG_COUNT
};

#define BEHIND "the listener is for a web server with TLS on this machine"
#define BY_SERVER "not yet; a web server in front can do it"

/* All flags of `websocketd --help`. */
static const struct flag {
	const char *name;
	enum kind kind;
	const char *missing; /* instead of an equivalent; NULL: there is one */
} flags[FLAG_COUNT] = {
	[PORT] = { "port", INT, NULL },
	[ADDRESS] = { "address", TEXT, NULL },
	[SAMEORIGIN] = { "sameorigin", BOOL, NULL },
	[ORIGIN] = { "origin", TEXT, NULL },
	[SSL] = { "ssl", BOOL, "it needs --sslcert and --sslkey; " BEHIND },
	[SSLCERT] = { "sslcert", TEXT, "nothing without --ssl and --sslkey" },
	[SSLKEY] = { "sslkey", TEXT, "nothing without --ssl and --sslcert" },
	[REDIRPORT] = { "redirport", INT, "it redirects to https, with --ssl" },
	[PASSENV] = { "passenv", TEXT, NULL },
	[BINARY] = { "binary", BOOL, NULL },
	[REVERSELOOKUP] = { "reverselookup", BOOL,
			    "not yet; REMOTE_HOST is the address" },
	[DIR_FLAG] = { "dir", TEXT, "not yet; write a [/path] for each program in it" },
	[STATICDIR] = { "staticdir", TEXT,
			"a path has files or a program; give the files [/*] static = and "
			"the program a path like [/ws]" },
	[CGIDIR] = { "cgidir", TEXT, BY_SERVER },
	[MAXFORKS] = { "maxforks", INT, NULL },
	[CLOSEMS] = { "closems", UINT, NULL },
	[HEADER] = { "header", TEXT, BY_SERVER },
	[HEADER_WS] = { "header-ws", TEXT, BY_SERVER },
	[HEADER_HTTP] = { "header-http", TEXT, BY_SERVER },
	[DEVCONSOLE] = { "devconsole", BOOL, NULL },
	[LOGLEVEL] = { "loglevel", TEXT, NULL },
	[HELP] = { "help", BOOL, "no setting; wsbridged -h" },
	[VERSION_FLAG] = { "version", BOOL, "no setting; wsbridged -V" },
	[LICENSE] = { "license", BOOL, "no setting; MIT" },
};

/* As in websocketd: least last; its debug and trace are one here. */
static const struct level {
	const char *name, *level, *access;
} levels[] = {
	{ "debug", "debug", "yes" }, { "trace", "debug", "yes" },
	{ "access", "info", "yes" }, { "info", "info", "no" },
	{ "error", "error", "no" },  { "fatal", "error", "no" },
};

struct line {
	const char *value[FLAG_COUNT]; /* the last one, as it was given; NULL: none */
	long number[FLAG_COUNT];       /* of BOOL, INT and UINT */
	const char **addresses;        /* every --address, in order */
	size_t naddresses;
	char *const *command; /* empty: none */
	const struct level *level;
	FILE *out, *err;
};

static bool is_on(const struct line *l, enum flag_id id)
{
	return flags[id].kind == TEXT ? l->value[id] && *l->value[id]
				      : l->number[id] != 0;
}

/* ---- reading, as Go's flag package does ---- */

static int wrong(const struct line *l, const char *text, const char *what)
{
	fprintf(l->err, "wsbridged: --from-websocketd: %s: %s\n", what, text);
	return -EINVAL;
}

/* strconv.ParseBool() */
static bool parse_bool(const char *s, long *ret)
{
	static const char *const words[2][6] = {
		{ "0", "f", "F", "false", "FALSE", "False" },
		{ "1", "t", "T", "true", "TRUE", "True" },
	};

	for (int value = 0; value < 2; value++)
		for (int i = 0; i < 6; i++)
			if (strcmp(s, words[value][i]) == 0) {
				*ret = value;
				return true;
			}
	return false;
}

static bool parse_number(const char *s, bool negative, long *ret)
{
	char *end;

	errno = 0;
	*ret = strtol(s, &end, 0);
	return end > s && !*end && errno == 0 && strchr("+-0123456789", *s) &&
	       (negative || (*s != '-' && *s != '+'));
}

static int take_value(struct line *l, enum flag_id id, const char *value)
{
	enum kind kind = flags[id].kind;

	l->value[id] = value;
	if (id == ADDRESS)
		l->addresses[l->naddresses++] = value;
	if (kind == BOOL && !parse_bool(value, &l->number[id]))
		return wrong(l, "not true or false", value);
	if ((kind == INT || kind == UINT) &&
	    !parse_number(value, kind == INT, &l->number[id]))
		return wrong(l, "not a number", value);
	return 0;
}

static enum flag_id find_flag(struct span name)
{
	unsigned id = 0;

	while (id < FLAG_COUNT &&
	       !span_is(name, (struct span){ flags[id].name, strlen(flags[id].name) }))
		id++;
	return id;
}

/* -flag, --flag, -flag=value, and for all but booleans -flag value; the first that is
 * none, or what follows a --, is the command. */
static int take_args(struct line *l, char *const *args)
{
	int r = 0;

	for (; r == 0 && *args && args[0][0] == '-' && args[0][1]; args++) {
		const char *arg = *args, *name = arg + 1 + (arg[1] == '-');
		size_t n = strcspn(name, "=");
		enum flag_id id = find_flag((struct span){ name, n });

		if (strcmp(arg, "--") == 0) {
			args++;
			break;
		}
		if (id == FLAG_COUNT)
			return wrong(l, "websocketd has no such flag", arg);
		if (name[n])
			r = take_value(l, id, name + n + 1);
		else if (flags[id].kind == BOOL)
			r = take_value(l, id, "true");
		else if (args[1])
			r = take_value(l, id, *++args);
		else
			r = wrong(l, "it needs a value", arg);
	}
	l->command = args;
	return r;
}

/* What websocketd refuses, too, and what no ini can hold. */
static int check(struct line *l)
{
	const char *level = is_on(l, LOGLEVEL) ? l->value[LOGLEVEL] : "access";
	bool elsewhere = is_on(l, DIR_FLAG) || is_on(l, STATICDIR) || is_on(l, CGIDIR);
	bool words = is_on(l, HELP) || is_on(l, VERSION_FLAG) || is_on(l, LICENSE);

	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++)
		if (strcmp(level, levels[i].name) == 0)
			l->level = &levels[i];
	if (!l->level)
		return wrong(l, "websocketd has no such log level", level);
	if (l->number[PORT] < 0 || l->number[PORT] > 65535)
		return wrong(l, "not a port", l->value[PORT]);
	if (l->number[REDIRPORT] < 0 || l->number[REDIRPORT] > 65535)
		return wrong(l, "not a port", l->value[REDIRPORT]);
	if (l->number[CLOSEMS] > 1000000)
		return wrong(l, "too long", l->value[CLOSEMS]);
	if (!*l->command && !elsewhere && !words)
		return wrong(l, "nothing to run", "websocketd");
	if (*l->command && is_on(l, DIR_FLAG))
		return wrong(l, "does not go with --dir", *l->command);
	for (char *const *arg = l->command; *arg; arg++)
		if (strchr(*arg, '\n'))
			return wrong(l, "an ini holds no line end; put it into a script",
				     "an argument of the command");
	return 0;
}

/* ---- writing ---- */

/* S up to its end or N bytes, in one line. */
static void put_printable(FILE *out, const char *s, size_t n)
{
	for (; n-- > 0 && *s; s++)
		fputc((unsigned char)*s < ' ' || *s == 0x7f ? ' ' : *s, out);
}

static void note(const struct line *l, enum flag_id id, const char *text)
{
	fprintf(l->out, "; --%s=", flags[id].name);
	put_printable(l->out, l->value[id], SIZE_MAX);
	fprintf(l->out, ": %s\n", text);
	fprintf(l->err, "wsbridged: --%s: %s\n", flags[id].name, text);
}

static bool is_secure(const struct line *l)
{
	return is_on(l, SSL) && is_on(l, SSLCERT) && is_on(l, SSLKEY);
}

/* What needs others with it, or none, has them. */
static bool is_complete(const struct line *l, enum flag_id id)
{
	switch (id) {
	case STATICDIR: /* its files can be at [/STAR] */
		return !*l->command;
	case SSL:
	case SSLCERT:
	case SSLKEY:
	case REDIRPORT:
		return is_secure(l);
	default:
		return false;
	}
}

static void put_missing(const struct line *l)
{
	for (unsigned id = 0; id < FLAG_COUNT; id++)
		if (flags[id].missing && is_on(l, id) && !is_complete(l, id))
			note(l, id, flags[id].missing);
}

/* WORD: what stands behind the address. */
static bool put_listen_at(const struct line *l, const char *address, long port,
			  const char *word)
{
	struct span host = { address, strlen(address) };
	struct addr unused;
	char name[64];

	if (strcmp(address, "localhost") == 0)
		host = SPAN("127.0.0.1");
	if (host.n > 2 && *host.p == '[' && host.p[host.n - 1] == ']')
		host = (struct span){ host.p + 1, host.n - 2 };
	snprintf(name, sizeof(name), "%.*s", (int)host.n, host.p);
	if (!addr_inet(name, 0, &unused))
		return false;
	fprintf(l->out,
		strchr(name, ':') ? "listen = [%s]:%ld%s\n" : "listen = %s:%ld%s\n", name,
		port, word);
	return true;
}

/* At each address. */
static void put_listeners(const struct line *l, long port, const char *word)
{
	for (size_t i = 0; i < l->naddresses; i++)
		if (!put_listen_at(l, l->addresses[i], port, word))
			note(l, ADDRESS, "not a numeric address");
	if (l->naddresses > 0)
		return;
	put_listen_at(l, "0.0.0.0", port, word);
	if (access("/proc/net/if_inet6", F_OK) == 0)
		put_listen_at(l, "::", port, word);
}

static void put_file(const struct line *l, const char *key, const char *name)
{
	char *file = ini_absolute(name);

	fprintf(l->out, "%s = ", key);
	put_printable(l->out, file ? file : name, SIZE_MAX);
	fputc('\n', l->out);
	free(file);
}

static void put_server(const struct line *l)
{
	bool secure = is_secure(l);
	long port = l->number[PORT] ? l->number[PORT] : secure ? 443 : 80;
	char redirect[32];

	fputs("\n[server]\n", l->out);
	if (is_on(l, SSL) && !secure) {
		put_listen_at(l, "127.0.0.1", 8765, "");
		return;
	}
	put_listeners(l, port, secure ? " tls" : "");
	if (!secure)
		return;
	snprintf(redirect, sizeof(redirect), " redirect=%ld", port);
	if (l->number[REDIRPORT] > 0)
		put_listeners(l, l->number[REDIRPORT], redirect);
	fputs("\n[tls]\n", l->out);
	put_file(l, "certificate", l->value[SSLCERT]);
	put_file(l, "key", l->value[SSLKEY]);
}

static void put_log_and_web(const struct line *l)
{
	if (is_on(l, LOGLEVEL))
		fprintf(l->out, "\n[logging]\nlevel = %s\naccess = %s\n", l->level->level,
			l->level->access);
	if (is_on(l, DEVCONSOLE))
		fputs("\n[web]\nconsole = yes\nallow = all\n", l->out);
}

/* SCHEME://HOST, whose last PORT_N bytes are a colon and the port: browsers leave out
 * DEFAULT_PORT. */
static void put_origin(FILE *out, const char *scheme, struct span host, size_t port_n,
		       struct span default_port)
{
	struct span port = { host.p + host.n - port_n, port_n };

	if (span_is(port, default_port))
		host.n -= port_n;
	fprintf(out, " %s://", scheme);
	put_printable(out, host.p, host.n);
}

/* One of --origin's list; true: its port is free there, and not here. */
static bool put_origins(FILE *out, struct span o)
{
	const char *scheme = memmem(o.p, o.n, "://", 3);
	const char *colon = memrchr(o.p, ':', o.n);
	size_t port_n = 0;

	if (colon && colon != scheme && !memchr(colon, ']', (size_t)(o.p + o.n - colon)))
		port_n = (size_t)(o.p + o.n - colon);
	if (scheme) {
		fputc(' ', out);
		put_printable(out, o.p, o.n);
	} else {
		put_origin(out, "http", o, port_n, SPAN(":80"));
		put_origin(out, "https", o, port_n, SPAN(":443"));
	}
	return port_n == 0;
}

static void put_access(const struct line *l)
{
	bool same = is_on(l, SAMEORIGIN), list = is_on(l, ORIGIN), any_port = false;

	if (same || !list) {
		fputs(same ? "origin = same\n" : "origin = any\n", l->out);
	} else {
		fputs("origin =", l->out);
		for (const char *p = l->value[ORIGIN]; *p; p += *p == ',') {
			size_t n = strcspn(p, ",");

			if (n > 0)
				any_port |= put_origins(l->out, (struct span){ p, n });
			p += n;
		}
		fputc('\n', l->out);
	}
	if (same || list) /* a request without Origin was refused there */
		fputs("origin_missing = deny\n", l->out);
	if (same && list)
		note(l, ORIGIN, "not together with --sameorigin");
	else if (any_port)
		note(l, ORIGIN, "a host without port was any port, here add each");
}

static void put_process(const struct line *l)
{
	long c = l->number[CLOSEMS];

	if (is_on(l, BINARY))
		fputs("frame = raw\n", l->out);
	if (l->value[PASSENV]) {
		fputs("pass_env = ", l->out);
		for (const char *p = l->value[PASSENV]; *p; p++)
			put_printable(l->out, *p == ',' ? " " : p, 1);
		fputc('\n', l->out);
	}
	if (l->number[MAXFORKS] > 0)
		fprintf(l->out, "max_processes = %ld\n", l->number[MAXFORKS]);
	else if (l->value[MAXFORKS])
		note(l, MAXFORKS,
		     "there is always a limit; the default of max_processes");
	if (c > 0)
		fprintf(l->out, "eof_timeout = %ldms\nstop_timeout = %ldms\n", 100 + c,
			750 + 2 * c);
}

static void put_files(const struct line *l)
{
	fputs("\n[/*]\n", l->out);
	put_file(l, "static", l->value[STATICDIR]);
}

static void put_ini(const struct line *l)
{
	fputs("; made by wsbridged --from-websocketd\n", l->out);
	put_missing(l);
	put_server(l);
	put_log_and_web(l);
	if (is_on(l, STATICDIR) && !*l->command)
		put_files(l);
	if (!*l->command)
		return;
	fputs("\n[/*]\ncompat = websocketd\n", l->out);
	put_access(l);
	put_process(l);
	ini_put_command(l->out, l->command);
}

int from_websocketd(char *const *args, FILE *out, FILE *err)
{
	struct line l = { .out = out, .err = err };
	size_t n = 0;
	int r;

	while (args[n])
		n++;
	l.addresses = calloc(n + 1, sizeof(*l.addresses));
	if (!l.addresses)
		return EX_OSERR;
	r = take_args(&l, args);
	if (r == 0)
		r = check(&l);
	if (r == 0)
		put_ini(&l);
	free(l.addresses);
	if (r < 0)
		return EX_USAGE;
	return fflush(out) == 0 ? EX_OK : EX_OSERR;
}
