/* SPDX-License-Identifier: MIT */
/* The table of all metrics, and their text for Prometheus. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "buf_stream.h"
#include "conf_tls.h"
#include "log.h"
#include "metrics.h"
#include "self.h"
#include "server.h"
#include "sys.h"

#define NUMBER_TEXT 24 /* room for a label that is a number */

/* What one scrape finds out, and how far it is. */
struct scrape {
	FILE *f;
	struct buf text; /* that F writes to */
	const struct server *server;
	const struct routes *routes; /* of the paths that it tells of */
	size_t metric, route;        /* the next sample's */
	const char *path; /* the value of the label, while paths are looked at */
	struct self self;
	struct log_counts log;
	unsigned connections;
	unsigned reload_good;
	double longest_turn, most_work;
};

/* ---- metrics with labels of their own ---- */

/* N with the label NAME = VALUE. */
static void put_one(const struct metric *m, const struct scrape *s, const char *name,
		    const char *value, uint64_t n)
{
	const struct prometheus_label labels[] = { { name, value }, { NULL, NULL } };

	prometheus_count(s->f, m->name, labels, n);
}

static void put_build(const struct metric *m, const struct scrape *s, const void *base)
{
	(void)base;
	put_one(m, s, "version", VERSION, 1);
}

static void put_handshakes(const struct metric *m, const struct scrape *s,
			   const void *base)
{
	static const char *const unanswered[UNANSWERED_COUNT] = {
		[UNANSWERED_LOST] = "lost",       [UNANSWERED_TIMEOUT] = "timeout",
		[UNANSWERED_EVICTED] = "evicted", [UNANSWERED_TLS] = "tls",
		[UNANSWERED_DENIED] = "denied",
	};
	const struct server_stats *stats = base;
	char status[NUMBER_TEXT];

	for (unsigned i = 0; i <= STATUS_MAX; i++) {
		if (stats->answers[i] == 0 && i != 101)
			continue;
		snprintf(status, sizeof(status), "%u", i);
		put_one(m, s, "result", status, stats->answers[i]);
	}
	for (unsigned i = 0; i < UNANSWERED_COUNT; i++)
		put_one(m, s, "result", unanswered[i], stats->unanswered[i]);
}

static void put_turns(const struct metric *m, const struct scrape *s, const void *base)
{
	const struct lag *lag = base;

	prometheus_histogram(s->f, m->name, lag_bounds, lag->turns, LAG_BOUNDS,
			     lag->seconds);
}

static void put_log_lines(const struct metric *m, const struct scrape *s,
			  const void *base)
{
	const struct log_counts *n = base;

	put_one(m, s, "reason", "limit", n->limited);
	put_one(m, s, "reason", "reader", n->lost);
}

static void put_reloads(const struct metric *m, const struct scrape *s, const void *base)
{
	const struct server_stats *stats = base;

	put_one(m, s, "result", "ok", stats->reloads);
	put_one(m, s, "result", "failed", stats->failed_reloads);
}

/* No sample without a certificate: 0 would have ended long ago. */
static void put_expiry(const struct metric *m, const struct scrape *s, const void *base)
{
	const struct tls_section *t;

	(void)base;
	for (size_t i = 0; (t = conf_tls_at(s->server->routes->conf, i)); i++) {
		struct prometheus_label name[] = { { "tls", t->head.name },
						   { NULL, NULL } };

		if (t->conf.certificate)
			prometheus_value(s->f, m->name, i ? name : NULL,
					 (double)tls_valid_until(t->context));
	}
}

/* 3xxx for what clients chose from 3000 on. */
static const char *close_text(const struct close_count *c, char *out)
{
	bool many = c->by == CLOSED_BY_CLIENT && c->code >= 3000;

	snprintf(out, NUMBER_TEXT, many ? "%uxxx" : "%u",
		 many ? c->code / 1000 : c->code);
	return out;
}

static void put_closes(const struct metric *m, const struct scrape *s, const void *base)
{
	const struct path_stats *stats = base;
	char code[NUMBER_TEXT];

	for (size_t i = 0; i < stats->ncloses; i++) {
		const struct close_count *c = &stats->closes[i];
		const struct prometheus_label labels[] = {
			{ "path", s->path },
			{ "by", closed_by_name(c->by) },
			{ "code", close_text(c, code) },
			{ NULL, NULL },
		};

		prometheus_count(s->f, m->name, labels, c->sessions);
	}
}

/* ---- the table ---- */

#define COUNTER PROMETHEUS_COUNTER
#define GAUGE PROMETHEUS_GAUGE
#define HISTOGRAM PROMETHEUS_HISTOGRAM
#define NUMBER(x)                                 \
	_Generic((x), unsigned                    \
		 : METRIC_UNSIGNED, unsigned long \
		 : METRIC_64, unsigned long long  \
		 : METRIC_64, double              \
		 : METRIC_DOUBLE)
#define AT(which, type, member)                        \
	.base = (which), .at = offsetof(type, member), \
	.number = NUMBER(((type *)NULL)->member)
#define SERVER(member) AT(METRIC_OF_SERVER, struct server, member)
#define SCRAPE(member) AT(METRIC_OF_SCRAPE, struct scrape, member)
#define PATH(member) AT(METRIC_OF_PATH, struct route_use, member)
#define BY(function, which, type, member) \
	.base = (which), .at = offsetof(type, member), .put = (function)

/* clang-format off */
const struct metric metrics[] = {

	/* ---- the daemon ---- */

	{ "wsbridge_build_info", GAUGE, BY(put_build, METRIC_OF_SERVER, struct server, stats),
	  .help = "1, with the version as a label." },
	{ "wsbridge_connections", GAUGE, SCRAPE(connections),
	  .help = "Clients that are connected, whatever for." },
	{ "wsbridge_connections_total", COUNTER, SERVER(last_id),
	  .help = "Clients that were accepted." },
	{ "wsbridge_downloads", GAUGE, SERVER(ndownloads),
	  .help = "Files that are under way to clients." },
	{ "wsbridge_handshakes_pending", GAUGE, SERVER(nclients),
	  .help = "Clients whose request or plain answer is under way." },
	{ "wsbridge_handshakes_total", COUNTER, BY(put_handshakes, METRIC_OF_SERVER, struct server, stats),
	  .help = "Requests by result: the status of the answer, of which 101 opens a "
		  "WebSocket, or why there was none: lost, timeout, evicted, tls, or denied "
		  "([server] allow)." },
	{ "wsbridge_hooks", GAUGE, SERVER(hooks.n),
	  .help = "Programs of [hooks] and [auth NAME] that run, or of which "
		  "something is left." },
	{ "wsbridge_hooks_stderr_lines_dropped_total", COUNTER, SERVER(hooks.stderr_dropped),
	  .help = "Lines on their standard error that were too many for the log." },
	{ "wsbridge_log_lines_dropped_total", COUNTER, BY(put_log_lines, METRIC_OF_SCRAPE, struct scrape, log),
	  .help = "Lines that the log does not have, by reason: there were too many of "
		  "the kind (limit), or who reads the log was too slow (reader)." },
	{ "wsbridge_loop_lag_seconds", GAUGE, SCRAPE(longest_turn),
	  .help = "The longest turn of the event loop in the last minute or two: all "
		  "others wait so long." },
	{ "wsbridge_loop_turn_seconds", HISTOGRAM, BY(put_turns, METRIC_OF_SERVER, struct server, stats.lag),
	  .help = "How long the turns of the event loop took." },
	{ "wsbridge_loop_cpu_seconds", GAUGE, SCRAPE(most_work),
	  .help = "The most CPU time that one turn took in the last minute or two: a lag "
		  "beyond it came from other programs on the machine." },
	{ "wsbridge_loop_turn_cpu_seconds", HISTOGRAM, BY(put_turns, METRIC_OF_SERVER, struct server, stats.work.lag),
	  .help = "How much CPU time the turns of the event loop took, to a millisecond." },
	{ "wsbridge_reloads_total", COUNTER, BY(put_reloads, METRIC_OF_SERVER, struct server, stats),
	  .help = "Reloads of the configuration by result: ok or failed." },
	{ "wsbridge_last_reload_successful", GAUGE, SCRAPE(reload_good),
	  .help = "0 when the last reload failed and the configuration is an older one, "
		  "else 1." },
	{ "wsbridge_tls_certificate_expiry_timestamp_seconds", GAUGE,
	  BY(put_expiry, METRIC_OF_SERVER, struct server, stats),
	  .help = "When the certificate of [tls], or of [tls NAME] by its name, ends, in "
		  "seconds since 1970; nothing without one." },

	/* ---- each path ---- */

	{ "wsbridge_sessions", GAUGE, PATH(stats.open),
	  .help = "WebSockets that are open." },
	{ "wsbridge_sessions_total", COUNTER, PATH(stats.opened),
	  .help = "WebSockets that were opened." },
	{ "wsbridge_closes_total", COUNTER, BY(put_closes, METRIC_OF_PATH, struct route_use, stats),
	  .help = "WebSockets that ended, by close code and who closed: client, server or "
		  "backend.  1006 is no close frame at all; codes that clients chose are "
		  "3xxx and 4xxx." },
	{ "wsbridge_received_messages_total", COUNTER, PATH(stats.received.messages),
	  .help = "Messages that went from clients to programs." },
	{ "wsbridge_received_bytes_total", COUNTER, PATH(stats.received.bytes),
	  .help = "Bytes of messages that went from clients to programs." },
	{ "wsbridge_sent_messages_total", COUNTER, PATH(stats.sent.messages),
	  .help = "Messages that went from programs to clients." },
	{ "wsbridge_sent_bytes_total", COUNTER, PATH(stats.sent.bytes),
	  .help = "Bytes of messages that went from programs to clients." },
	{ "wsbridge_discarded_messages_total", COUNTER, PATH(stats.discarded.messages),
	  .help = "Messages of clients that no program got: the path is for viewing only, "
		  "or the input had ended." },
	{ "wsbridge_discarded_bytes_total", COUNTER, PATH(stats.discarded.bytes),
	  .help = "Bytes of messages that no program got." },
	{ "wsbridge_dropped_messages_total", COUNTER, PATH(stats.dropped.messages),
	  .help = "Messages for clients that never left, as the client was too slow; they "
		  "are among those sent." },
	{ "wsbridge_dropped_bytes_total", COUNTER, PATH(stats.dropped.bytes),
	  .help = "Bytes of messages that never left." },
	{ "wsbridge_cut_messages_total", COUNTER, PATH(stats.cut),
	  .help = "Messages of shared programs that were longer than max_message, and cut." },
	{ "wsbridge_input_queue_bytes", GAUGE, PATH(stats.input_queue),
	  .help = "Bytes of clients that wait for programs." },
	{ "wsbridge_output_queue_bytes", GAUGE, PATH(stats.output_queue),
	  .help = "Bytes that wait for clients, as queue counts them." },
	{ "wsbridge_processes", GAUGE, PATH(running),
	  .help = "Programs that run, or of which something is left." },
	{ "wsbridge_spawns_total", COUNTER, PATH(stats.spawns),
	  .help = "Programs that were started, connections to services that were made." },
	{ "wsbridge_spawn_failures_total", COUNTER, PATH(stats.spawn_failures),
	  .help = "Programs that could not be started, services that were not reached." },
	{ "wsbridge_stderr_lines_dropped_total", COUNTER, PATH(stats.stderr_dropped),
	  .help = "Lines on standard error that were too many for the log." },
	{ "wsbridge_json_lines_skipped_total", COUNTER, PATH(stats.json_skipped),
	  .help = "Lines of programs with frame = json that were none." },
	{ "wsbridge_json_ids_unknown_total", COUNTER, PATH(stats.json_unknown),
	  .help = "Ids in such lines whose clients were not there, or not any more." },
	{ "wsbridge_file_bytes_total", COUNTER, PATH(stats.file_bytes),
	  .help = "Bytes of static files that went to clients." },

	/* ---- the process, as of any other program ---- */

	{ "process_cpu_seconds_total", COUNTER, SCRAPE(self.cpu),
	  .help = "CPU time of the daemon, user and system." },
	{ "process_resident_memory_bytes", GAUGE, SCRAPE(self.resident),
	  .help = "Memory of the daemon that is in RAM." },
	{ "process_virtual_memory_bytes", GAUGE, SCRAPE(self.mapped),
	  .help = "Address space of the daemon." },
	{ "process_open_fds", GAUGE, SCRAPE(self.fds),
	  .help = "Descriptors that the daemon has open." },
	{ "process_max_fds", GAUGE, SCRAPE(self.max_fds),
	  .help = "Descriptors that the daemon may have open." },
	{ "process_start_time_seconds", GAUGE, SERVER(stats.started),
	  .help = "When the daemon was started, in seconds since 1970." },
};
/* clang-format on */

const size_t metrics_count = sizeof(metrics) / sizeof(*metrics);

/* ---- the text ---- */

/* The sample of M in BASE, or those that it makes of it. */
static void put_sample(const struct metric *m, const struct scrape *s, const void *base)
{
	const struct prometheus_label path[] = { { s->path ? "path" : NULL, s->path },
						 { NULL, NULL } };
	const void *at = (const char *)base + m->at;

	if (m->put)
		m->put(m, s, at);
	else if (m->number == METRIC_DOUBLE)
		prometheus_value(s->f, m->name, path, *(const double *)at);
	else if (m->number == METRIC_64)
		prometheus_count(s->f, m->name, path, *(const uint64_t *)at);
	else
		prometheus_count(s->f, m->name, path, *(const unsigned *)at);
}

static void put_path(const struct metric *m, struct scrape *s, const struct route *r)
{
	char *path;

	if (asprintf(&path, "%s%s", r->conf->path, r->conf->prefix ? "*" : "") < 0)
		return;
	s->path = path;
	put_sample(m, s, r->use);
	s->path = NULL;
	free(path);
}

struct scrape *metrics_begin(const struct server *server, const struct routes *routes)
{
	struct scrape *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	*s = (struct scrape){
		.f = buf_stream(&s->text),
		.server = server,
		.routes = routes,
		.log = log_counts(),
		.connections =
			server->nclients + server->ndownloads + server->bridge.nsessions,
		.reload_good = !server->stats.reload_failed,
		.longest_turn = lag_longest(&server->stats.lag, sys_now()),
		.most_work = lag_longest(&server->stats.work.lag, sys_now()),
	};
	if (s->f) {
		self_look(&s->self);
		return s;
	}
	free(s);
	return NULL;
}

bool metrics_next(struct scrape *s)
{
	const struct metric *m = &metrics[s->metric];
	const struct route *r = NULL;

	if (s->route == 0)
		prometheus_head(s->f, m->name, m->type, m->help);
	switch (m->base) {
	case METRIC_OF_SERVER:
		put_sample(m, s, s->server);
		break;
	case METRIC_OF_SCRAPE:
		put_sample(m, s, s);
		break;
	case METRIC_OF_PATH:
		r = route_at(s->routes, s->route);
		if (r)
			put_path(m, s, r);
		break;
	}
	s->route = r ? s->route + 1 : 0;
	s->metric += !r;
	return s->metric < metrics_count;
}

int metrics_end(struct scrape *s, struct buf *ret)
{
	bool failed = ferror(s->f);

	if (fclose(s->f) != 0 || failed)
		buf_free(&s->text);
	*ret = s->text;
	free(s);
	return buf_len(ret) > 0 ? 0 : -ENOMEM;
}
