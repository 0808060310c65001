/* SPDX-License-Identifier: MIT */
/* Turns a command line of websocketd into the ini that does the same. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "addr.h"
#include "from_websocketd.h"
#include "ini_command.h"
#include "span.h"
#include "websocketd_line.h"

#define BY_SERVER "not yet; a web server in front can do it"

static const char ssl_alone[] = "it needs --sslcert and --sslkey; the listener is for a "
				"web server with TLS on this machine";
static const char files_and_program[] =
	"a path has files or a program; give the files [/*] static = and the program a path "
	"like [/ws]";

/* Instead of an equivalent, of those that have none. */
static const char *const missing[FLAG_COUNT] = {
	[FLAG_SSL] = ssl_alone,
	[FLAG_SSLCERT] = "nothing without --ssl and --sslkey",
	[FLAG_SSLKEY] = "nothing without --ssl and --sslcert",
	[FLAG_REDIRPORT] = "it redirects to https, with --ssl",
	[FLAG_REVERSELOOKUP] = "not yet; REMOTE_HOST is the address",
	[FLAG_DIR] = "not yet; write a [/path] for each program in it",
	[FLAG_STATICDIR] = files_and_program,
	[FLAG_CGIDIR] = BY_SERVER,
	[FLAG_HEADER] = BY_SERVER,
	[FLAG_HEADER_WS] = BY_SERVER,
	[FLAG_HEADER_HTTP] = BY_SERVER,
	[FLAG_HELP] = "no setting; wsbridged -h",
	[FLAG_VERSION] = "no setting; wsbridged -V",
	[FLAG_LICENSE] = "no setting; MIT",
};

struct translation {
	const struct websocketd_line *line;
	FILE *out, *err;
};

static bool has(const struct translation *t, enum websocketd_flag flag)
{
	return websocketd_line_has(t->line, flag);
}

/* S up to its end or N bytes, in one line. */
static void put_printable(FILE *out, const char *s, size_t n)
{
	for (; n-- > 0 && *s; s++)
		fputc((unsigned char)*s < ' ' || *s == 0x7f ? ' ' : *s, out);
}

static void note(const struct translation *t, enum websocketd_flag id, const char *text)
{
	fprintf(t->out, "; --%s=", websocketd_flag_name(id));
	put_printable(t->out, t->line->value[id], SIZE_MAX);
	fprintf(t->out, ": %s\n", text);
	fprintf(t->err, "wsbridged: --%s: %s\n", websocketd_flag_name(id), text);
}

static bool is_secure(const struct translation *t)
{
	return has(t, FLAG_SSL) && has(t, FLAG_SSLCERT) && has(t, FLAG_SSLKEY);
}

/* What needs others with it, or none, has them. */
static bool is_complete(const struct translation *t, enum websocketd_flag id)
{
	switch (id) {
	case FLAG_STATICDIR: /* its files can be at [/STAR] */
		return !*t->line->command;
	case FLAG_SSL:
	case FLAG_SSLCERT:
	case FLAG_SSLKEY:
	case FLAG_REDIRPORT:
		return is_secure(t);
	default:
		return false;
	}
}

static void put_missing(const struct translation *t)
{
	for (unsigned id = 0; id < FLAG_COUNT; id++)
		if (missing[id] && has(t, id) && !is_complete(t, id))
			note(t, id, missing[id]);
}

/* WORD: what stands behind the address. */
static bool put_listen_at(const struct translation *t, const char *address, long port,
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
	fprintf(t->out,
		strchr(name, ':') ? "listen = [%s]:%ld%s\n" : "listen = %s:%ld%s\n", name,
		port, word);
	return true;
}

/* At each address. */
static void put_listeners(const struct translation *t, long port, const char *word)
{
	for (size_t i = 0; i < t->line->naddresses; i++)
		if (!put_listen_at(t, t->line->addresses[i], port, word))
			note(t, FLAG_ADDRESS, "not a numeric address");
	if (t->line->naddresses > 0)
		return;
	put_listen_at(t, "0.0.0.0", port, word);
	if (access("/proc/net/if_inet6", F_OK) == 0)
		put_listen_at(t, "::", port, word);
}

static void put_file(const struct translation *t, const char *key, const char *name)
{
	char *file = ini_absolute(name);

	fprintf(t->out, "%s = ", key);
	put_printable(t->out, file ? file : name, SIZE_MAX);
	fputc('\n', t->out);
	free(file);
}

static void put_server(const struct translation *t)
{
	bool secure = is_secure(t);
	long port = t->line->number[FLAG_PORT] ? t->line->number[FLAG_PORT]
		    : secure                   ? 443
					       : 80;
	char redirect[32];

	fputs("\n[server]\n", t->out);
	if (has(t, FLAG_SSL) && !secure) {
		put_listen_at(t, "127.0.0.1", 8765, "");
		return;
	}
	put_listeners(t, port, secure ? " tls" : "");
	if (!secure)
		return;
	snprintf(redirect, sizeof(redirect), " redirect=%ld", port);
	if (t->line->number[FLAG_REDIRPORT] > 0)
		put_listeners(t, t->line->number[FLAG_REDIRPORT], redirect);
	fputs("\n[tls]\n", t->out);
	put_file(t, "certificate", t->line->value[FLAG_SSLCERT]);
	put_file(t, "key", t->line->value[FLAG_SSLKEY]);
}

static void put_log_and_web(const struct translation *t)
{
	if (has(t, FLAG_LOGLEVEL))
		fprintf(t->out, "\n[logging]\nlevel = %s\naccess = %s\n",
			t->line->level->level, t->line->level->access);
	if (has(t, FLAG_DEVCONSOLE))
		fputs("\n[web]\nconsole = yes\nallow = all\n", t->out);
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

static void put_access(const struct translation *t)
{
	bool same = has(t, FLAG_SAMEORIGIN), list = has(t, FLAG_ORIGIN), any_port = false;

	if (same || !list) {
		fputs(same ? "origin = same\n" : "origin = any\n", t->out);
	} else {
		fputs("origin =", t->out);
		for (const char *p = t->line->value[FLAG_ORIGIN]; *p; p += *p == ',') {
			size_t n = strcspn(p, ",");

			if (n > 0)
				any_port |= put_origins(t->out, (struct span){ p, n });
			p += n;
		}
		fputc('\n', t->out);
	}
	if (same || list) /* a request without Origin was refused there */
		fputs("origin_missing = deny\n", t->out);
	if (same && list)
		note(t, FLAG_ORIGIN, "not together with --sameorigin");
	else if (any_port)
		note(t, FLAG_ORIGIN, "a host without port was any port, here add each");
}

static void put_process(const struct translation *t)
{
	long c = t->line->number[FLAG_CLOSEMS];

	if (has(t, FLAG_BINARY))
		fputs("frame = raw\n", t->out);
	if (t->line->value[FLAG_PASSENV]) {
		fputs("pass_env = ", t->out);
		for (const char *p = t->line->value[FLAG_PASSENV]; *p; p++)
			put_printable(t->out, *p == ',' ? " " : p, 1);
		fputc('\n', t->out);
	}
	if (t->line->number[FLAG_MAXFORKS] > 0)
		fprintf(t->out, "max_processes = %ld\n", t->line->number[FLAG_MAXFORKS]);
	else if (t->line->value[FLAG_MAXFORKS])
		note(t, FLAG_MAXFORKS,
		     "there is always a limit; the default of max_processes");
	if (c > 0)
		fprintf(t->out, "eof_timeout = %ldms\nstop_timeout = %ldms\n", 100 + c,
			750 + 2 * c);
}

static void put_files(const struct translation *t)
{
	fputs("\n[/*]\n", t->out);
	put_file(t, "static", t->line->value[FLAG_STATICDIR]);
}

static void put_ini(const struct translation *t)
{
	fputs("; made by wsbridged --from-websocketd\n", t->out);
	put_missing(t);
	put_server(t);
	put_log_and_web(t);
	if (has(t, FLAG_STATICDIR) && !*t->line->command)
		put_files(t);
	if (!*t->line->command)
		return;
	fputs("\n[/*]\ncompat = websocketd\n", t->out);
	put_access(t);
	put_process(t);
	ini_put_command(t->out, t->line->command);
}

int from_websocketd(char *const *args, FILE *out, FILE *err)
{
	struct websocketd_line line;
	int r = websocketd_line_read(&line, args, err);

	if (r == 0)
		put_ini(&(struct translation){ &line, out, err });
	websocketd_line_free(&line);
	if (r < 0)
		return r == -EINVAL ? EX_USAGE : EX_OSERR;
	return fflush(out) == 0 ? EX_OK : EX_OSERR;
}
