/* SPDX-License-Identifier: MIT */
/* Reads a command line of websocketd. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "span.h"
#include "websocketd_line.h"

/* How Go's flag package reads a flag. */
enum kind { BOOL, INT, UINT, TEXT };

/* All flags of `websocketd --help`. */
static const struct flag {
	const char *name;
	enum kind kind;
} flags[FLAG_COUNT] = {
	[FLAG_PORT] = { "port", INT },
	[FLAG_ADDRESS] = { "address", TEXT },
	[FLAG_SAMEORIGIN] = { "sameorigin", BOOL },
	[FLAG_ORIGIN] = { "origin", TEXT },
	[FLAG_SSL] = { "ssl", BOOL },
	[FLAG_SSLCERT] = { "sslcert", TEXT },
	[FLAG_SSLKEY] = { "sslkey", TEXT },
	[FLAG_REDIRPORT] = { "redirport", INT },
	[FLAG_PASSENV] = { "passenv", TEXT },
	[FLAG_BINARY] = { "binary", BOOL },
	[FLAG_REVERSELOOKUP] = { "reverselookup", BOOL },
	[FLAG_DIR] = { "dir", TEXT },
	[FLAG_STATICDIR] = { "staticdir", TEXT },
	[FLAG_CGIDIR] = { "cgidir", TEXT },
	[FLAG_MAXFORKS] = { "maxforks", INT },
	[FLAG_CLOSEMS] = { "closems", UINT },
	[FLAG_HEADER] = { "header", TEXT },
	[FLAG_HEADER_WS] = { "header-ws", TEXT },
	[FLAG_HEADER_HTTP] = { "header-http", TEXT },
	[FLAG_DEVCONSOLE] = { "devconsole", BOOL },
	[FLAG_LOGLEVEL] = { "loglevel", TEXT },
	[FLAG_HELP] = { "help", BOOL },
	[FLAG_VERSION] = { "version", BOOL },
	[FLAG_LICENSE] = { "license", BOOL },
};

/* As in websocketd: least last; its debug and trace are one here. */
static const struct websocketd_level levels[] = {
	{ "debug", "debug", "yes" }, { "trace", "debug", "yes" },
	{ "access", "info", "yes" }, { "info", "info", "no" },
	{ "error", "error", "no" },  { "fatal", "error", "no" },
};

bool websocketd_line_has(const struct websocketd_line *l, enum websocketd_flag id)
{
	return flags[id].kind == TEXT ? l->value[id] && *l->value[id]
				      : l->number[id] != 0;
}

const char *websocketd_flag_name(enum websocketd_flag id)
{
	return flags[id].name;
}

static int wrong(FILE *err, const char *text, const char *what)
{
	fprintf(err, "wsbridged: --from-websocketd: %s: %s\n", what, text);
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

static int take_value(struct websocketd_line *l, enum websocketd_flag id,
		      const char *value, FILE *err)
{
	enum kind kind = flags[id].kind;

	l->value[id] = value;
	if (id == FLAG_ADDRESS)
		l->addresses[l->naddresses++] = value;
	if (kind == BOOL && !parse_bool(value, &l->number[id]))
		return wrong(err, "not true or false", value);
	if ((kind == INT || kind == UINT) &&
	    !parse_number(value, kind == INT, &l->number[id]))
		return wrong(err, "not a number", value);
	return 0;
}

static enum websocketd_flag find_flag(struct span name)
{
	unsigned id = 0;

	while (id < FLAG_COUNT &&
	       !span_is(name, (struct span){ flags[id].name, strlen(flags[id].name) }))
		id++;
	return id;
}

/* -flag, --flag, -flag=value, and for all but booleans -flag value; the first that is
 * none, or what follows a --, is the command. */
static int take_args(struct websocketd_line *l, char *const *args, FILE *err)
{
	int r = 0;

	for (; r == 0 && *args && args[0][0] == '-' && args[0][1]; args++) {
		const char *arg = *args, *name = arg + 1 + (arg[1] == '-');
		size_t n = strcspn(name, "=");
		enum websocketd_flag id = find_flag((struct span){ name, n });

		if (strcmp(arg, "--") == 0) {
			args++;
			break;
		}
		if (id == FLAG_COUNT)
			return wrong(err, "websocketd has no such flag", arg);
		if (name[n])
			r = take_value(l, id, name + n + 1, err);
		else if (flags[id].kind == BOOL)
			r = take_value(l, id, "true", err);
		else if (args[1])
			r = take_value(l, id, *++args, err);
		else
			r = wrong(err, "it needs a value", arg);
	}
	l->command = args;
	return r;
}

/* What websocketd refuses, too, and what no ini can hold. */
static int check(struct websocketd_line *l, FILE *err)
{
	const char *level = websocketd_line_has(l, FLAG_LOGLEVEL)
				    ? l->value[FLAG_LOGLEVEL]
				    : "access";
	bool elsewhere = websocketd_line_has(l, FLAG_DIR) ||
			 websocketd_line_has(l, FLAG_STATICDIR) ||
			 websocketd_line_has(l, FLAG_CGIDIR);
	bool words = websocketd_line_has(l, FLAG_HELP) ||
		     websocketd_line_has(l, FLAG_VERSION) ||
		     websocketd_line_has(l, FLAG_LICENSE);

	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++)
		if (strcmp(level, levels[i].name) == 0)
			l->level = &levels[i];
	if (!l->level)
		return wrong(err, "websocketd has no such log level", level);
	if (l->number[FLAG_PORT] < 0 || l->number[FLAG_PORT] > 65535)
		return wrong(err, "not a port", l->value[FLAG_PORT]);
	if (l->number[FLAG_REDIRPORT] < 0 || l->number[FLAG_REDIRPORT] > 65535)
		return wrong(err, "not a port", l->value[FLAG_REDIRPORT]);
	if (l->number[FLAG_CLOSEMS] > 1000000)
		return wrong(err, "too long", l->value[FLAG_CLOSEMS]);
	if (!*l->command && !elsewhere && !words)
		return wrong(err, "nothing to run", "websocketd");
	if (*l->command && websocketd_line_has(l, FLAG_DIR))
		return wrong(err, "does not go with --dir", *l->command);
	for (char *const *arg = l->command; *arg; arg++)
		if (strchr(*arg, '\n'))
			return wrong(err,
				     "an ini holds no line end; put it into a script",
				     "an argument of the command");
	return 0;
}

int websocketd_line_read(struct websocketd_line *ret_line, char *const *args, FILE *err)
{
	struct websocketd_line *l = ret_line;
	size_t n = 0;
	int r;

	*l = (struct websocketd_line){ 0 };
	while (args[n])
		n++;
	l->addresses = calloc(n + 1, sizeof(*l->addresses));
	if (!l->addresses)
		return -ENOMEM;
	r = take_args(l, args, err);
	return r == 0 ? check(l, err) : r;
}

void websocketd_line_free(struct websocketd_line *l)
{
	free(l->addresses);
}
