/* SPDX-License-Identifier: MIT */
/* Tells a person at the terminal what runs and how to use it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend.h"
#include "banner.h"

/* Of `shell = TEXT` the text alone. */
static char **first_shown(char **argv)
{
	bool shell =
		strcmp(argv[0], "/bin/sh") == 0 && argv[1] && strcmp(argv[1], "-c") == 0;

	return shell ? argv + 2 : argv;
}

static void print_path(const struct path_conf *p, const char *base, bool file)
{
	char url[ADDR_TEXT + 256];

	snprintf(url, sizeof(url), "%s%s%s", base, p->path, p->prefix ? "*" : "");
	printf("  %-36s %-10s", url,
	       p->files           ? "files"
	       : p->session.write ? "read-write"
				  : "view only");
	if (file)
		printf(" [%s%s]", p->path, p->prefix ? "*" : "");
	if (p->source == SOURCE_EXEC)
		for (char **a = first_shown(p->exec.argv); *a; a++)
			printf(" %s", *a);
	else if (p->source == SOURCE_CONNECT)
		printf(" %s", p->connect.target.text);
	else if (p->source == SOURCE_CHANNEL)
		printf(" channel %s", p->channel);
	else
		printf(" %s", p->files ? p->files : backend_name(p));
	printf("\n");
}

/* A browser on the machine that one has come from by ssh needs a tunnel to a loopback
 * address. */
static void print_tunnel(const struct addr *at)
{
	const char *ssh = getenv("SSH_CONNECTION");
	char host[256] = "HOST";
	unsigned port = addr_port(at);

	if (!ssh || !addr_is_local(at) || port == 0)
		return;
	gethostname(host, sizeof(host) - 1);
	printf("\nFrom your own machine:  ssh -L %u:127.0.0.1:%u %s\n", port, port, host);
}

/* A browser cannot know the certificate: whoever reads both can compare. */
static void print_certificate(const struct conf *conf)
{
	printf("The certificate's SHA-256 fingerprint: %s\n",
	       tls_fingerprint(conf->tls.context));
}

void banner_print(const struct server *s)
{
	const struct conf *conf = s->routes->conf;
	const struct addr *at = listener_addr(s->listeners[0]);
	bool file = s->options->demo;
	bool tls = listener_is_tls(s->listeners[0]);
	char host[ADDR_TEXT], base[ADDR_TEXT + 8];

	addr_text(at, host);
	snprintf(base, sizeof(base), "%s://%s", tls ? "https" : "http", host);
	printf("\nwsbridged is running.  Open in a browser:\n\n");
	for (size_t i = 0; i < conf->npaths; i++)
		print_path(conf->paths[i], base, file);
	printf("\nWebSocket: %s://%s%s\n", tls ? "wss" : "ws", host,
	       conf->npaths == 1 ? conf->paths[0]->path : "");
	if (conf->console)
		printf("Console: %s/-/console\n", base);
	if (conf->dashboard_path)
		printf("Dashboard: %s/-/dashboard\n", base);
	if (tls)
		print_certificate(conf);
	if (file)
		printf("%s: edit and save\n", conf->file);
	if (s->options->undecided && !conf->paths[0]->session.write)
		printf("\nView only, as other machines can connect; --write lets them "
		       "write.\n");
	print_tunnel(at);
	printf("Ctrl-C ends it.\n\n");
	fflush(stdout);
}
