/* SPDX-License-Identifier: MIT */
/* server.h - the daemon around the bridge: listeners, clients, signals, start and end. */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include <sys/queue.h>

#include "auth.h"
#include "bridge.h"
#include "cgi.h"
#include "client.h"
#include "hook.h"
#include "listener.h"
#include "passed.h"
#include "peers.h"
#include "resolver.h"
#include "route.h"
#include "server_stats.h"

#define DEMO_PORTS 50 /* tried one after the other */

/* How it is run. */
struct server_options {
	bool demo;      /* take the next free port; reread the file when it is saved */
	bool banner;    /* say on stdout how to use it */
	bool undecided; /* the command line does not say whether clients may write */
	bool verbose;   /* debug, whatever the configuration says */
};

enum server_state { SERVER_RUNNING, SERVER_STOPPING, SERVER_KILLED };

struct server {
	struct ev_loop *loop;
	const struct server_options *options;
	enum server_state state;
	char *user, *group;    /* those of the start, which are for good; or NULL */
	struct routes *routes; /* the current snapshot */
	struct listener **listeners;
	struct listen_place *places; /* ... and where each of them is (listen.c) */
	size_t nlisteners;
	struct passed passed; /* by systemd, for `listen = systemd:NAME` */
	TAILQ_HEAD(client_list, client)
	clients, downloads, dead_clients; /* oldest first */
	unsigned nclients, ndownloads;
	struct peers peers;
	struct auth auth;
	struct hooks hooks;
	unsigned nhooks; /* those of `hooks` that are of [hooks] */
	uint64_t last_id;
	ev_signal sigterm, sigint, sighup, sigusr1;
	ev_timer deadline; /* of the shutdown */
	ev_timer tell;     /* to log what the log has left out */
	ev_timer watchdog; /* systemd's */
	int log_fd;
	int log_socket;   /* to the journal or to syslog; -1: none */
	ev_stat saved;    /* options.demo: the file */
	char *saved_path; /* ... by name, as long as it is watched */
	ev_timer settled; /* ... has been left alone for a moment */
	ev_prepare reaper;
	TAILQ_HEAD(reload_list, reload) reloads; /* the first is under way (reload.c) */
	struct server_stats stats;
	struct cgi cgi; /* storage for one start of a program */
	struct bridge bridge;
	struct attachment_list channels; /* attach.c */
	struct late booting;             /* attach_boot_later() goes on */
	size_t booted;                   /* ... after so many routes */
	struct resolver *resolver;       /* NULL until a service's name is looked up */
	double started;
	bool deaf;              /* all listeners are switched off by command */
	struct listen_off *off; /* ... or these, NOFF of them */
	size_t noff;
	bool from_file;           /* the configuration, which can be read again */
	struct listener *control; /* NULL: none */
	LIST_HEAD(, ctl_client) control_clients, dead_control_clients;
	unsigned ncontrol_clients;
	LIST_HEAD(, call) calls; /* those that wait */
};

/* What counts under max_connections: sessions, and files on their way. */
unsigned server_connections(const struct server *s);

/* Stop listening, close every session, and end within SECONDS. */
void server_stop(struct server *s, double seconds);

/* Run the daemon with CONF (taken over) until it is told to end.  Its exit code. */
int server_run(struct conf *conf, const struct server_options *options);

#endif
