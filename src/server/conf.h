/* SPDX-License-Identifier: MIT */
/*
 * conf.h - one immutable snapshot of the configuration, made from the ini by the key
 * table.
 *
 * Every setting is one row of conf_keys[] (conf_keys.c): its section, name, parser, place
 * in the structs below, default, range and the manual's sentence.  The modules declare
 * the options they use; struct conf is made of them.  Nobody below server/ includes this
 * file.
 */
#ifndef SERVER_CONF_H
#define SERVER_CONF_H

#include <stdio.h>

#include "access.h"
#include "auth_conf.h"
#include "hub.h"
#include "rights.h"
#include "session.h"
#include "source_connect.h"
#include "source_exec.h"
#include "source_fifo.h"
#include "source_file.h"
#include "stream.h"
#include "tls.h"

enum full_policy { FULL_HTTP, FULL_CLOSE };
enum log_to { LOG_TO_AUTO, LOG_TO_JOURNAL, LOG_TO_STDERR, LOG_TO_SYSLOG };
enum log_time { LOG_TIME_NO, LOG_TIME_YES, LOG_TIME_AUTO };
enum compat { COMPAT_NONE, COMPAT_WEBSOCKETD };

/* One `listen` entry: ADDR:PORT, [ADDR]:PORT, unix:/path or systemd:NAME with its words.
 */
struct listen_conf {
	char *text; /* as written, without the words: 127.0.0.1:8765, unix:/run/x.sock */
	char *path; /* unix: the socket's path; else NULL */
	char *systemd;  /* systemd: the name of sockets that it passed; else NULL */
	char *host;     /* else: a numeric address, no brackets */
	unsigned port;  /* 0: the kernel picks */
	int mode;       /* unix mode=0660; -1: by umask */
	char *group;    /* unix group=NAME; NULL: the daemon's */
	int redirect;   /* to https at this port; REDIRECT_TLS; 0: not at all */
	bool proxy;     /* clients come through a proxy that sends a PROXY header */
	bool tls;       /* clients speak TLS */
	char *tls_name; /* as this [tls NAME] has it; NULL: as the name that they ask for
			 */
	int line;       /* of the entry, for messages, and its FILE */
	const char *file;
};

struct limits_conf {
	unsigned max_connections;
	unsigned max_per_address;
	unsigned max_handshakes;
	double accept_rate;       /* a second, 0: no limit */
	double handshake_timeout; /* seconds */
	size_t max_header;
	unsigned max_checks;
	double auth_failures; /* a second that an address may have, 0: no limit */
	enum full_policy full;
};

/* The control socket. */
struct control_conf {
	bool automatic; /* wherever the system keeps such */
	char *socket;   /* else its path; NULL: none */
	int mode;
	char *group; /* NULL: the daemon's */
};

/* Does an empty binary message end the program's input?  Auto: as the framing has it. */
enum eof_conf { EOF_AUTO, EOF_YES, EOF_NO };

/* What is behind a path: the one of its keys with CONF_SOURCE says it. */
enum source_kind {
	SOURCE_EXEC,
	SOURCE_CONNECT,
	SOURCE_STATIC, /* files, and no WebSocket */
	SOURCE_FIFO,
	SOURCE_FILE,
	SOURCE_ECHO,
	SOURCE_CHANNEL,
	SOURCE_CONTROL, /* the commands: of no section, but of `dashboard` in [web] */
};

/* What `frame` names, or 0: the usual one. */
#define FRAME_OF(kind) (1 + (unsigned)(kind))

/* What names the session that a client comes to. */
struct session_key_conf {
	enum {
		SESSION_KEY_NONE,
		SESSION_KEY_QUERY,
		SESSION_KEY_COOKIE,
		SESSION_KEY_USER
	} from;
	char *name; /* of the parameter or the cookie */
};

/* One [/path] with everything that [defaults] gave it. */
struct path_conf {
	char *path;  /* without the star of a prefix path: "/load", "/files/" for
			[/files/STAR] */
	bool prefix; /* [/path/STAR]: the longest such that begins the request's path */
	struct conf_origin where; /* of the header */
	enum compat compat;       /* whose programs it serves as they are used to */
	enum source_kind source;
	char *files;        /* what `static` names; NULL: a program is behind the path */
	char **subprotocol; /* the server's order; NULL-terminated, or NULL */
	struct access_conf access;
	char *auth_name;              /* as written; NULL: none */
	const struct auth_conf *auth; /* of that name, or NULL */
	struct session_conf session;
	struct hub_conf hub;
	struct session_key_conf session_key;
	bool session_replace;  /* who comes to a session closes those that are there */
	struct exec_conf exec; /* some of it is for all that is started for a client */
	struct connect_conf connect;
	struct fifo_conf fifo;
	struct file_conf file;
	int builtin;       /* enum source_kind */
	char *channel;     /* its name, which other paths may have, too */
	unsigned frame;    /* as written: FRAME_OF() its kind; 0: not at all */
	enum eof_conf eof; /* as written; session.eof is what follows */
};

/* Programs that are run when something happens; NULL: none is. */
struct hooks_conf {
	char **on_request, **on_open, **on_close; /* argv */
	double timeout;
	unsigned max_running;
};

/* [tls], or one [tls NAME]. */
struct tls_section {
	struct conf_named head; /* [tls]: all zero */
	struct tls_conf conf;
	char **server_name;  /* patterns of names that clients may ask for, or NULL */
	struct tls *context; /* made of it by conf_tls_open(), or NULL */
};

struct conf {
	char *file; /* of the main ini, or "(command line)" */

	struct listen_conf *listen;
	size_t nlisten;
	int backlog;
	bool exclusive;                     /* nobody else may listen there */
	size_t receive_buffer, send_buffer; /* of clients' sockets; 0: the kernel's */
	char *user, *group;                 /* to become when root starts it, or NULL */
	struct cidr_access clients;         /* by the address that they connect from */
	struct cidr_list trusted_proxy;
	char **server_name; /* Hosts that are answered; NULL-terminated, or NULL: any */
	double shutdown_timeout;
	char *resolver; /* name servers, as c-ares reads them; NULL: the system's */
	struct limits_conf limits;
	struct stream_conf stream;
	struct tls_section tls, *tls_names;
	size_t ntls_names;
	enum log_to log_to;
	enum log_time log_time;
	int log_level;  /* enum log_level */
	int log_format; /* enum log_format */
	bool log_access;
	struct control_conf control;
	struct hooks_conf hooks;
	bool console, terminal;           /* these pages are shown */
	enum rights dashboard;            /* what those who open it may do */
	struct path_conf *dashboard_path; /* ... and its WebSocket; NULL: none */
	char *web_auth;                   /* as written; NULL: none */
	struct cidr_list web_allow;       /* who may have these pages */
	char *health;  /* path of the answer to a load balancer; NULL: none */
	char *metrics; /* path of the metrics, or NULL */

	struct auth_conf *auth; /* as in the ini */
	size_t nauth;
	struct path_conf **paths; /* as in the ini */
	size_t npaths;

	struct conf_mem *mem;     /* everything above lives here */
	struct conf_sheet *sheet; /* what was written: conf_print(), conf_where() */
};

/*
 * Read FILE and its drop-ins (FILE without .ini plus .d/ *.ini, C order).  Every error
 * and warning of all of them is written to ERR as `FILE:LINE: error: ...`.  A snapshot,
 * yours until conf_free(), or NULL after errors; *ret_status is then the exit code: 66
 * there is no such file, 77 not permitted, 78 errors in it, 71 out of memory; 0 with a
 * snapshot.
 */
struct conf *conf_load(const char *file, FILE *err, int *ret_status);

/* The same from TEXT, called NAME in messages; no drop-ins. */
struct conf *conf_load_text(const char *name, const char *text, FILE *err,
			    int *ret_status);

/* The same from what WRITE puts into an empty sheet (0 or -ENOMEM). */
struct conf *conf_load_sheet(const char *name,
			     int (*write)(struct conf_sheet *sheet, void *data),
			     void *data, FILE *err, int *ret_status);

void conf_free(struct conf *c); /* NULL is a no-op */

/* Give the only path of C the words of ARGV (NULL-terminated) as its command.  0 or
 * -ENOMEM. */
int conf_set_command(struct conf *c, char *const *argv);

/* Where the setting KEY of PATH, or with PATH NULL of the daemon, was written; file NULL:
 * nowhere.  A KEY that two of the daemon's sections have is named with its own:
 * "control.group". */
struct conf_origin conf_where(const struct conf *c, const struct path_conf *path,
			      const char *key);

/* The same in the section of N. */
struct conf_origin conf_where_named(const struct conf *c, const struct conf_named *n,
				    const char *key);

/* The same, and where it is nowhere the section's header. */
struct conf_origin conf_where_or_header(const struct conf *c, const struct conf_named *n,
					const char *key);

/* Print every effective key with its origin as a valid ini (-T): values as they were
 * written, before ${...} was expanded, and *** for secrets; under the keys' own names, or
 * under those of WSServer and in its units, where it has them. */
enum conf_names { CONF_NAMES_OWN, CONF_NAMES_WSSERVER };
void conf_print(const struct conf *c, enum conf_names names, FILE *out);

#endif
