/* SPDX-License-Identifier: MIT */
/* Reckons the worst case of the daemon's memory; the manual has the same sums. */
#include <unistd.h>

#include "conf_memory.h"
#include "framing.h"

#define KIB 1024.0
#define GIB (KIB * KIB * KIB)
#define JSON_TIMES 6 /* a line of its message, in either direction: \u0000 for a byte */
#define STRUCTS (4 * KIB) /* a session's own, and those of its program */
#define TLS (48 * KIB)    /* of a connection, with a record each way */

/* One client of PATH, who reads nothing, sends what is taken, and whose program does the
 * same. */
static double of_session(const struct conf *c, const struct path_conf *path)
{
	const struct session_conf *s = &path->session;
	double message = s->ws.whole ? (double)s->ws.max_message : 0;

	if (path->hub.framing.kind == FRAMING_JSON && path->hub.process == PROCESS_EACH)
		message *= 1 + 2 * JSON_TIMES;
	return 2 * (double)s->queue + message + FRAMING_HELD_MAX + STRUCTS +
	       (c->tls.context ? TLS : 0);
}

/* The programs of PATH that go on without a client: what they have said last, and what
 * they have not taken. */
static double of_programs(const struct path_conf *path)
{
	double one = (double)path->hub.replay.bytes + (double)path->session.queue / 2 +
		     STRUCTS;

	if (path->source == SOURCE_STATIC || path->hub.process == PROCESS_EACH)
		return 0;
	return path->hub.process == PROCESS_SESSION ? path->exec.max_processes * one
						    : one;
}

double conf_memory_most(const struct conf *c, const struct path_conf **ret_path)
{
	double handshake =
		(double)c->limits.max_header + STRUCTS + (c->tls.context ? TLS : 0);
	double most = 0, programs = 0;

	*ret_path = NULL;
	for (size_t i = 0; i < c->npaths; i++) {
		double need = of_session(c, c->paths[i]);

		programs += of_programs(c->paths[i]);
		if (c->paths[i]->source == SOURCE_STATIC || need <= most)
			continue;
		most = need;
		*ret_path = c->paths[i];
	}
	return c->limits.max_connections * most + c->limits.max_handshakes * handshake +
	       programs;
}

static double of_machine(void)
{
	return (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
}

void conf_memory_check(const struct conf *c, struct conf_report *r)
{
	struct conf_origin at = conf_where(c, NULL, "max_connections");
	const struct path_conf *path;
	double most = conf_memory_most(c, &path), there = of_machine();

	if (!path || most <= there)
		return;
	if (!at.file)
		at = (struct conf_origin){ c->file, 0 };
	conf_warning(
		r, at,
		"%u clients of %s who take nothing can make the daemon hold %.1f GiB, "
		"this machine has %.1f; lower max_connections, max_processes, queue or "
		"max_message (wsbridge.ini(5), MEMORY)",
		c->limits.max_connections, path->path, most / GIB, there / GIB);
}
