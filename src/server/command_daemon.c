/* SPDX-License-Identifier: MIT */
/* The commands about the daemon itself. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "listen.h"
#include "reload.h"

/* Bytes of what is wrong that an answer tells, which has room for them even if each
 * becomes six in JSON, and of one line of it. */
#define LINES_MOST (64 * 1024)
#define LINE_MOST 4096

/* The names of what C's caller may give. */
static json_t *names_of_commands(const struct call *c)
{
	json_t *names = json_array();

	for (size_t i = 0; i < ncommands; i++)
		if (call_may(c, &commands[i]))
			json_array_append_new(names, json_string(commands[i].name));
	return names;
}

void command_version(struct call *c)
{
	call_succeed(c, json_pack("{s:s, s:s, s:i, s:o}", "name", "wsbridged", "version",
				  VERSION, "pid", (int)getpid(), "commands",
				  names_of_commands(c)));
}

static json_t *addresses(const struct server *s)
{
	json_t *list = json_array();
	char text[ADDR_TEXT], whole[ADDR_TEXT + 4];

	for (size_t i = 0; i < s->nlisteners; i++) {
		snprintf(whole, sizeof(whole), "%s%s",
			 addr_text(listener_addr(s->listeners[i]), text),
			 listener_is_tls(s->listeners[i]) ? " tls" : "");
		json_array_append_new(list, call_json_text(whole));
	}
	return list;
}

static void add_up(struct path_stats *sum, const struct route *routes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct path_stats *s = &routes[i].use->stats;

		sum->received.messages += s->received.messages;
		sum->received.bytes += s->received.bytes;
		sum->sent.messages += s->sent.messages;
		sum->sent.bytes += s->sent.bytes;
		sum->input_queue += s->input_queue;
		sum->output_queue += s->output_queue;
	}
}

/* What all paths of the current snapshot have passed on, and what waits. */
static void set_traffic(json_t *r, const struct routes *routes)
{
	struct path_stats sum = { 0 };

	add_up(&sum, routes->exact, routes->nexact);
	add_up(&sum, routes->prefix, routes->nprefix);
	json_object_set_new(r, "in", call_json_traffic(&sum.received));
	json_object_set_new(r, "out", call_json_traffic(&sum.sent));
	json_object_set_new(r, "queue", json_integer((json_int_t)sum.output_queue));
	json_object_set_new(r, "to_programs", json_integer((json_int_t)sum.input_queue));
}

void command_status(struct call *c)
{
	const struct server *s = c->server;
	static const char *const states[] = {
		[SERVER_RUNNING] = "running",
		[SERVER_STOPPING] = "stopping",
		[SERVER_KILLED] = "killed",
	};
	json_t *r = json_object();

	json_object_set_new(r, "state", json_string(states[s->state]));
	json_object_set_new(r, "version", json_string(VERSION));
	json_object_set_new(r, "pid", json_integer(getpid()));
	json_object_set_new(r, "uptime", json_real(s->bridge.now - s->started));
	json_object_set_new(r, "file", call_json_text(s->routes->conf->file));
	json_object_set_new(r, "listening", addresses(s));
	json_object_set_new(r, "clients", json_integer(s->bridge.nsessions));
	json_object_set_new(r, "max_connections",
			    json_integer(s->routes->conf->limits.max_connections));
	json_object_set_new(r, "handshakes", json_integer(s->nclients));
	json_object_set_new(r, "processes",
			    json_integer((json_int_t)s->bridge.children.running));
	json_object_set_new(r, "clients_so_far", json_integer((json_int_t)s->last_id));
	set_traffic(r, s->routes);
	json_object_set_new(r, "loop_lag",
			    json_real(lag_longest(&s->stats.lag, s->bridge.now)));
	json_object_set_new(r, "loop_cpu",
			    json_real(lag_longest(&s->stats.work.lag, s->bridge.now)));
	call_succeed(c, r);
}

/* ---- listen, shutdown ---- */

/* The first lines of TEXT (or NULL), and how many more there are;
 * NULL: out of memory. */
static json_t *lines_of(const char *text)
{
	char *copy = strdup(text ? text : ""), *save, *line, last[64];
	json_t *lines = copy ? json_array() : NULL;
	size_t room = LINES_MOST;
	unsigned more = 0;

	for (line = lines ? strtok_r(copy, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		size_t n = strnlen(line, LINE_MOST);

		line[n] = '\0';
		more += n > room;
		room = n > room ? 0 : room - n;
		if (more == 0)
			json_array_append_new(lines, call_json_text(line));
	}
	snprintf(last, sizeof(last), "... and %u more", more);
	if (more > 0)
		json_array_append_new(lines, json_string(last));
	free(copy);
	return lines;
}

void command_listen(struct call *c)
{
	const char *name = call_text(c, "listener", NULL);
	struct server *s = c->server;
	char *text = NULL;
	int r = -ENOMEM;
	size_t n;
	FILE *err;

	if (s->state != SERVER_RUNNING) {
		call_fail(c, CALL_STOPPING, "the daemon is stopping");
		return;
	}
	err = open_memstream(&text, &n);
	if (err) {
		r = call_flag(c, "on") ? listen_on(s, name, err) : listen_off(s, name);
		fclose(err);
	}
	switch (r) {
	case 0:
		call_succeed(c, json_pack("{s:o}", "listening", addresses(s)));
		break;
	case -ENOENT:
		call_fail(c, CALL_VALUE,
			  "there is no listener %.200s; status lists those that are on, "
			  "get server.listen all",
			  name);
		break;
	case -ENOMEM:
		call_fail(c, CALL_INTERNAL, "out of memory");
		break;
	default:
		c->data = lines_of(text);
		call_fail(c, CALL_LISTEN, "it cannot be listened on");
	}
	free(text);
}

void command_shutdown(struct call *c)
{
	json_int_t timeout = call_number(c, "timeout", -1);

	if (c->server->state != SERVER_RUNNING) {
		call_fail(c, CALL_STOPPING, "the daemon is stopping already");
		return;
	}
	server_stop(c->server, timeout < 0 ? c->server->routes->conf->shutdown_timeout
					   : (double)timeout);
	call_succeed(c, json_pack("{s:s}", "state", "stopping"));
}

/* ---- reload ---- */

static void on_reloaded(void *data, bool taken, const char *text)
{
	struct call_waiter *w = data;
	struct call *c = w->call;
	const char *file = c ? c->server->routes->conf->file : NULL;

	if (c && taken) {
		call_succeed(c, json_pack("{s:o, s:o, s:o}", "file", call_json_text(file),
					  "listening", addresses(c->server), "warnings",
					  lines_of(text)));
	} else if (c) {
		c->data = lines_of(text);
		call_fail(c, CALL_RELOAD, "%.300s is not taken, nothing changes", file);
	}
	free(w);
}

void command_reload(struct call *c)
{
	struct call_waiter *w;

	if (!c->server->from_file) {
		call_fail(c, CALL_RELOAD, "there is no file that could be read again");
		return;
	}
	if (c->server->state != SERVER_RUNNING) {
		call_fail(c, CALL_STOPPING, "the daemon is stopping");
		return;
	}
	w = calloc(1, sizeof(*w));
	if (w)
		call_wait_for(c, w);
	if (w && reload(c->server, on_reloaded, w))
		return;
	call_fail(c, CALL_INTERNAL, "out of memory");
	free(w);
}
