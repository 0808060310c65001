/* SPDX-License-Identifier: MIT */
/* The daemon around the bridge: signals, start and end, and the one place where clients
 * are freed. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "attach.h"
#include "backend.h"
#include "banner.h"
#include "become.h"
#include "command.h"
#include "ctl.h"
#include "event.h"
#include "hooks.h"
#include "json_memory.h"
#include "listen.h"
#include "log.h"
#include "logging.h"
#include "loop.h"
#include "reload.h"
#include "server.h"
#include "sys.h"
#include "systemd.h"

#define LAST_WAIT 1.0 /* seconds, for what was killed to go */
/* Seconds without a change, after which a saved file is read: an editor writes in several
 * steps, and ev_stat(3) does not see a second change within one second that leaves the
 * size alone. */
#define SETTLE 1.02
#define STATUS_TEXT 4096

/* ---- the end ---- */

static void set_deadline(struct server *s, double seconds)
{
	ev_timer_stop(s->loop, &s->deadline);
	ev_timer_set(&s->deadline, seconds, 0);
	ev_timer_start(s->loop, &s->deadline);
}

void server_stop(struct server *s, double seconds)
{
	struct client *c;

	s->state = SERVER_STOPPING;
	log_info("", "stopping: %u sessions", s->bridge.nsessions);
	if (event_wanted(EVENT_SHUTDOWN))
		event_tell(EVENT_SHUTDOWN, "",
			   (union log_value[]){ { .number = s->bridge.nsessions },
						{ .seconds = seconds } });
	systemd_stopping(s->bridge.nsessions, seconds + LAST_WAIT + 1);
	listen_close(s);
	while ((c = TAILQ_FIRST(&s->clients)) || (c = TAILQ_FIRST(&s->downloads)))
		client_drop(c);
	set_deadline(s, seconds);
	bridge_shutdown(&s->bridge, CLOSE_GOING_AWAY, "shutdown");
}

static void kill_rest(struct server *s, const char *why)
{
	s->state = SERVER_KILLED;
	log_warning("", "%s: killing what is left", why);
	set_deadline(s, LAST_WAIT);
	bridge_kill(&s->bridge);
	hooks_kill(&s->hooks);
}

static void on_deadline(EV_P_ ev_timer *w, int revents)
{
	struct server *s = w->data;

	(void)revents;
	if (s->state == SERVER_STOPPING)
		kill_rest(s, "shutdown_timeout");
	else
		ev_break(EV_A_ EVBREAK_ALL);
}

static void on_stop(EV_P_ ev_signal *w, int revents)
{
	struct server *s = w->data;

	(void)loop;
	(void)revents;
	if (s->state == SERVER_RUNNING)
		server_stop(s, s->routes->conf->shutdown_timeout);
	else if (s->state == SERVER_STOPPING)
		kill_rest(s, "second signal");
}

/* ---- configuration ---- */

static void on_reload(EV_P_ ev_signal *w, int revents)
{
	(void)loop;
	(void)revents;
	reload(w->data, NULL, NULL);
}

/* Its state, for whoever asks by SIGUSR1. */
static void on_status(EV_P_ ev_signal *w, int revents)
{
	const struct server *s = w->data;
	char where[STATUS_TEXT];

	(void)loop;
	(void)revents;
	listen_text(s, where, sizeof(where));
	log_info(
		"",
		"status: sessions=%u downloads=%u handshakes=%u processes=%zu clients_so_far=%llu loop_lag=%.1fms loop_cpu=%.1fms listening=%s",
		s->bridge.nsessions, s->ndownloads, s->nclients,
		s->bridge.children.running, (unsigned long long)s->last_id,
		lag_longest(&s->stats.lag, s->bridge.now) * 1e3,
		lag_longest(&s->stats.work.lag, s->bridge.now) * 1e3, where);
}

/* An editor may write in several steps: only what stays for a moment is read. */
static void on_saved(EV_P_ ev_stat *w, int revents)
{
	struct server *s = w->data;

	(void)revents;
	ev_timer_again(EV_A_ & s->settled);
}

static void on_settled(EV_P_ ev_timer *w, int revents)
{
	struct server *s = w->data;

	(void)revents;
	ev_timer_stop(EV_A_ w);
	if (s->saved.attr.st_nlink) /* it is there */
		reload(s, NULL, NULL);
}

/* ---- the bridge's owner ---- */

static void on_session_ended(void *data, const struct session *session)
{
	struct server *s = data;

	peers_remove(&s->peers, session->peer);
	calls_session_ended(s, session);
	hooks_closed(s, session);
}

static void on_ponged(void *data, const struct session *session)
{
	calls_ponged(data, session);
}

static void on_unkeep(void *keep)
{
	routes_unref(keep);
}

static void free_dead_clients(struct server *s)
{
	struct client *c;

	while ((c = TAILQ_FIRST(&s->dead_clients)))
		client_free(c);
}

static void count_turn(struct server *s)
{
	double now = sys_now();

	lag_turn(&s->stats.lag, s->bridge.now, now);
	lag_cpu_turn(&s->stats.work, s->bridge.now, now, sys_cpu);
}

static void on_prepare(EV_P_ ev_prepare *w, int revents)
{
	struct server *s = w->data;

	(void)revents;
	auth_proceed(&s->auth); /* it may drop clients */
	free_dead_clients(s);
	ctl_reap(s);
	logging_proceed(s);
	hooks_reap(&s->hooks);
	if (s->state != SERVER_RUNNING && bridge_is_empty(&s->bridge) && s->hooks.n == 0)
		ev_break(EV_A_ EVBREAK_ALL);
	count_turn(s); /* the last of it */
}

unsigned server_connections(const struct server *s)
{
	return s->bridge.nsessions - s->bridge.nrefused + s->ndownloads;
}

/* ---- the start ---- */

static void start_signal(struct server *s, ev_signal *w,
			 void (*cb)(EV_P_ ev_signal *, int), int sig)
{
	ev_signal_init(w, cb, sig);
	w->data = s;
	ev_signal_start(s->loop, w);
}

static void init_lists(struct server *s)
{
	TAILQ_INIT(&s->clients);
	TAILQ_INIT(&s->downloads);
	TAILQ_INIT(&s->dead_clients);
	LIST_INIT(&s->control_clients);
	LIST_INIT(&s->dead_control_clients);
	LIST_INIT(&s->calls);
	LIST_INIT(&s->channels);
	TAILQ_INIT(&s->reloads);
}

/* 0 or -errno. */
static int server_init(struct server *s, struct conf *conf,
		       const struct server_options *options)
{
	struct bridge_owner owner = { on_session_ended, on_ponged, on_unkeep, s };
	sigset_t none;
	int r;

	if (passed_take(&s->passed) == 0) /* first of all: they begin at descriptor 3 */
		s->loop = loop_new();
	if (!s->loop) {
		conf_free(conf);
		return -ENOMEM;
	}
	s->options = options;
	s->stats.started = (double)time(NULL);
	json_memory_watch(malloc);
	s->user = conf->user ? strdup(conf->user) : NULL;
	s->group = conf->group ? strdup(conf->group) : NULL;
	s->routes = routes_new(conf, NULL);
	if (!s->routes)
		return -ENOMEM;
	logging_init(s);
	init_lists(s);
	sigemptyset(&none); /* whoever started us may have blocked some; then only the
			     * loop does, those that it reads */
	sigprocmask(SIG_SETMASK, &none, NULL);
	r = bridge_init(&s->bridge, s->loop, sys_raise_nofile(), &owner);
	logging_apply(s);
	s->started = s->bridge.now;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a log that may not grow any more (ulimit -f) */
	start_signal(s, &s->sigterm, on_stop, SIGTERM);
	start_signal(s, &s->sigint, on_stop, SIGINT);
	start_signal(s, &s->sigusr1, on_status, SIGUSR1);
	ev_init(&s->deadline, on_deadline);
	ev_prepare_init(&s->reaper, on_prepare);
	ev_set_priority(&s->reaper, EV_MINPRI); /* after the bridge's */
	ev_prepare_start(s->loop, &s->reaper);
	s->deadline.data = s->reaper.data = s;
	return r;
}

/* Settings that came from no file cannot be read again: a hangup then is what it is to
 * any program. */
static void watch_configuration(struct server *s)
{
	const char *file = s->routes->conf->file;

	if (access(file, F_OK) < 0) {
		start_signal(s, &s->sighup, on_stop, SIGHUP);
		return;
	}
	s->from_file = true;
	start_signal(s, &s->sighup, on_reload, SIGHUP);
	if (!s->options->demo)
		return;
	s->saved_path =
		strdup(file); /* libev keeps the pointer; FILE goes with its snapshot */
	if (!s->saved_path)
		return;
	ev_stat_init(&s->saved, on_saved, s->saved_path, 0);
	ev_init(&s->settled, on_settled);
	s->settled.repeat = SETTLE;
	s->saved.data = s->settled.data = s;
	ev_stat_start(s->loop, &s->saved);
}

static void tell_startup(const struct server *s)
{
	if (event_wanted(EVENT_STARTUP))
		event_tell(EVENT_STARTUP, "",
			   (union log_value[]){ { .text = VERSION },
						{ .number = (unsigned)getpid() },
						{ .text = s->routes->conf->file } });
}

static void announce(struct server *s)
{
	char where[STATUS_TEXT];

	tell_startup(s);
	listen_tell(s);

	listen_text(s, where, sizeof(where));
	log_info("", "listening on %s", where);
	systemd_ready(where);
	if (s->options->banner)
		banner_print(s);
}

/* False: the process is to end before what its threads use. */
static bool server_free(struct server *s)
{
	bool over = true;

	listen_close(s);
	if (s->routes) {
		ctl_close(s);
		free_dead_clients(s);
		bridge_stop(&s->bridge);
		over = reload_end(s);
		resolver_free(s->resolver);
		auth_free(&s->auth);
		hooks_free(&s->hooks);
		logging_end(s);
		routes_unref(s->routes);
	}
	free(s->user);
	free(s->group);
	loop_free(s->loop);
	passed_close(&s->passed);
	listen_forget(s);
	free(s->saved_path);
	free(s);
	return over;
}

/* Listen, and then be root no more.  0 or the exit code. */
static int open_and_become(struct server *s)
{
	const struct conf *conf = s->routes->conf;
	struct conf_report again = { .main = conf->file };
	struct identity *id;
	int code = become_find(conf, s->options->banner, stderr, &id);

	if (code == 0)
		code = listen_change(s, conf, stderr);
	if (code == 0)
		code = ctl_change(s, conf, stderr);
	if (code == 0 && id)
		ctl_give(s, id);
	if (code == 0)
		code = become(id, stderr);
	if (code == 0 && id)
		become_check_again(conf, &again);
	conf_report_write(&again, stderr);
	identity_free(id);
	return code;
}

int server_run(struct conf *conf, const struct server_options *options)
{
	struct server *s = calloc(1, sizeof(*s));
	int code = EX_OSERR, r;

	if (!s) {
		perror("wsbridged: error");
		conf_free(conf);
		return code;
	}
	r = server_init(s, conf, options);
	if (r == 0)
		code = open_and_become(s);
	else
		fprintf(stderr, "wsbridged: error: %s\n", strerror(-r));
	if (code == 0) {
		backend_prepare(s);
		watch_configuration(s);
		systemd_init(s);
		children_know_signals(&s->bridge.children); /* all of ours are set */
		attach_boot(s);
		announce(s);
		s->bridge.now = sys_now(); /* the first turn begins */
		turn_begin(&s->bridge.turn, s->bridge.now);
		ev_run(s->loop, 0);
		systemd_end(s);
		log_settle(true);
		log_info("", "stopped");
	}
	if (!server_free(s)) {
		fflush(NULL);
		_exit(code);
	}
	return code;
}
