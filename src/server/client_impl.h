/* SPDX-License-Identifier: MIT */
/* client_impl.h - the client as client*.c, request.c and what answers it share it. */
#ifndef SERVER_CLIENT_IMPL_H
#define SERVER_CLIENT_IMPL_H

#include "handshake.h"
#include "hub.h"
#include "range.h"
#include "server.h"
#include "stream.h"
#include "tls.h"

#define CLIENT_LINGER 2.0 /* seconds that one has to take its answer and close */

enum client_state {
	CLIENT_PROXY,     /* the proxy before it says whose connection this is */
	CLIENT_READING,   /* the head comes in */
	CLIENT_WAITING,   /* a step of its request awaits somebody's answer */
	CLIENT_ANSWERING, /* the answer goes out */
	CLIENT_HEARING,   /* the same, to a client that has ended its own side */
	CLIENT_LINGERING, /* it has; the client's end is awaited, so that no RST eats it
			   */
	CLIENT_DEAD,
};

/* The result of one step of a request. */
enum step {
	STEP_NEXT,  /* go on with the next step */
	STEP_WAIT,  /* request_resume() will tell; until then client.cancel is set */
	STEP_AGAIN, /* as STEP_WAIT, but then this step is taken once more */
	STEP_END,   /* over: the client is answered, dropped, or a session */
};

struct asset;
struct download;
struct grant;
struct long_answer;
struct verdict;
struct web_path;

struct client {
	struct server *server;
	enum client_state state;
	struct stream stream;
	struct late turn;   /* its place in the queue for a turn: to be read, answered, or
			       sent more of a file */
	struct late expiry; /* ... and to be told that its deadline has passed */
	ev_timer deadline;
	uint64_t id;
	struct addr peer; /* the client's address: who connected, or whom a trusted proxy
			     names */
	struct addr from; /* who connected */
	bool named;       /* a trusted proxy says who peer is */
	bool secure;      /* by TLS, or a trusted proxy says so */
	bool on_loopback; /* it came to a loopback listener */
	int redirect;     /* its listener's */
	struct tls *tls;  /* of its listener; NULL: it speaks none */
	bool tls_by_name; /* ... or of what its server name stands for there */
	struct tls_seen *seen; /* what TLS agreed on; NULL: its handshake is not over */
	unsigned of_peer; /* connections that its address had with it; 0: it is a session,
			   * which counts now */
	struct buf head;  /* received so far */
	struct http http;
	struct routes *routes;            /* the snapshot that its request is judged by */
	size_t step;                      /* index of the next step of its request */
	void (*cancel)(struct client *c); /* CLIENT_WAITING: the answer is not wanted any
					   * more; else NULL */
	char *path;      /* decoded; NULL until then, and when it cannot be */
	void *waits_for; /* CLIENT_WAITING: the step's own */
	const struct long_answer *making; /* ... where that is an answer of this kind */
	const struct auth_user
		*claims;         /* whose password is being checked; NULL: nobody's */
	struct grant *grant;     /* of the program of its auth, or NULL */
	struct verdict *verdict; /* of the on_request hook; NULL: it was not asked */
	char *fields;            /* what these two add to the answer, each with CR LF;
				  * or NULL */
	const char *user,
		*auth_type;  /* in routes, grant or verdict; NULL: nobody was asked */
	struct route *route; /* of path, or NULL */
	bool terminal;   /* path is that of a terminal's page, and route the terminal's */
	struct hub *hub; /* that its session is to join, or NULL ... */
	struct hub_waiter waiter;  /* ... in whose list it is while that opens */
	struct buf out;            /* the answer */
	bool answered;             /* ... is counted by its status, ... */
	enum unanswered end;       /* ... or else why there is none */
	struct download *download; /* the file behind `out`, once begun; NULL: none */
	TAILQ_ENTRY(client) link;
};

/* ---- client.c ---- */

/* Set up C's watchers, and its stream from FD; everything else of C is the caller's
 * task. */
void client_init(struct client *c, int fd);

/* The prefix of its log lines; OUT has room for SESSION_WHO bytes, returned. */
const char *client_who(const struct client *c, char *out);

/* Its request has got an answer of STATUS. */
void client_answered(struct client *c, int status);

/* In SECONDS (0: never) drop C, or give up what it waits for. */
void client_set_deadline(struct client *c, double seconds);

/* Start and stop its watchers, send what is ready: every callback's end. */
void client_proceed(struct client *c);

/* ---- client_accept.c ---- */

/* 0 if there is room for C.  Else the status to refuse it with, because of its
 * address's limit or the daemon's, and why. */
int client_no_room(const struct client *c, const char **ret_reason);

/* ---- client_tls.c ---- */

/* From here on the client itself speaks (no PROXY header is due), by TLS where its
 * listener does. */
void client_begin(struct client *c);

/* While C->seen is NULL and there is TLS: look whether its handshake is over, and tell
 * once what it has agreed on. */
void client_tls_look(struct client *c);

/* C's TLS handshake, if it was still under way, has failed with ERROR: tell of it. */
void client_tls_failed(const struct client *c, const char *error);

/* TLS has failed with the -errno ERROR: let OpenSSL's alert arrive, then end C. */
void client_tls_refuse(struct client *c, ssize_t error);

/* ---- proxied.c ---- */

/* CLIENT_PROXY: something has come. */
void proxied_read_header(struct client *c);

/* A step: take over what trusted proxies say in the request's fields. */
enum step proxied_read_fields(struct client *c);

/* Has C's request come through a proxy that trusted_proxy does not list?  Such a proxy
 * hides its clients: all the world would come from its address, which [web] allow may
 * well have. */
bool proxied_is_hidden(const struct client *c);

/* ---- request.c ---- */

/* Is it a GET or HEAD, and no upgrade? */
bool request_is_plain(const struct client *c);

/* The head is complete: take the steps of the request. */
void request_begin(struct client *c);

/* The answer that a step waited for is there: STEP_NEXT goes on, STEP_END when it is
 * answered. */
void request_resume(struct client *c, enum step said);

/* ---- auth.c ---- */

/* A step: is the client somebody who may open the route? */
enum step auth_check(struct client *c);

/* ---- answer.c ---- */

/* Why a client gets no more than an error. */
struct http_refusal {
	int status;
	const char *reason;       /* for the client and the log */
	const char *authenticate; /* 401: the scheme that is wanted; else NULL */
	const char *auth;         /* the name of the [auth NAME] that refused; or NULL */
	int retry_after;          /* seconds; 0: as usual for the status */
};

void answer_refusal(struct client *c, const struct http_refusal *why);

/* Answer with the head R alone.  False: C has been dropped, or has got an error
 * because the head would be too long; do not append a body. */
bool answer_head(struct client *c, struct http_response *r);

/* Answer R with BODY, which a HEAD request does not get.  False: as of answer_head(). */
bool answer(struct client *c, struct http_response *r, struct span body);

/* The same with N bytes at TEXT, which is freed; NULL: out of memory. */
void answer_text(struct client *c, struct http_response *r, char *text, size_t n);

/* Answer STATUS with REASON in a line of text, and log it. */
void answer_error(struct client *c, int status, const char *reason);

/* Answer STATUS with TEXT. */
void answer_plain(struct client *c, int status, struct span text);

/* Answer STATUS with the embedded file A. */
void answer_asset(struct client *c, int status, const struct asset *a);

/* Answer 200 with what is in BODY, which is emptied. */
void answer_buf(struct client *c, const char *type, struct buf *body);

/* ---- answer_long.c ---- */

/* An answer that is made piece by piece. */
struct long_answer {
	const char *type;
	bool (*next)(void *begun);                /* make one more; false: all is there */
	int (*end)(void *begun, struct buf *ret); /* it goes; what there is of the text is
						   * the caller's: 0, or -errno */
};

/* Answer 200 with the text of KIND that has BEGUN (taken over; NULL: out of memory): at
 * once, or after several turns of the loop if others would wait too long. */
enum step answer_long(struct client *c, const struct long_answer *kind, void *begun);

/* ---- answer_page.c ---- */

/* Is C's path that of a file of the console or the terminal page?  A prefix path does
 * not hide these. */
bool answer_is_console(const struct client *c);

/* Answer an ordinary GET or HEAD with a page, or wait for one. */
enum step answer_page(struct client *c, const struct route *route);

/* The same of a terminal's page: client.terminal. */
void answer_terminal_page(struct client *c);

/* ---- answer_paths.c ---- */

/* The list of the paths that are open to C's address: a page, or with JSON what pages ask
 * for. */
enum step answer_paths(struct client *c, bool json);

#define PATH_TEXT 256 /* bytes of a path that a page shows */

/* What a page says of P; NAME, of CAP bytes, and P stay as long as that. */
void answer_describe(const struct path_conf *p, char *name, size_t cap,
		     struct web_path *ret);

/* ---- answer_file.c ---- */

/* Answer an ordinary GET or HEAD for a path with files. */
void answer_file(struct client *c, const struct route *route);

/* 301 to the same path with a slash behind it. */
void answer_slash(struct client *c);

/* ---- download.c ---- */

/*
 * Send PART of FD (taken over) behind the head of an answer STATUS.  From then on the
 * client counts as a connection, under max_connections, and not as a handshake, which
 * could be evicted; it is dropped when it takes nothing for send_timeout.
 */
void download_begin(struct client *c, int fd, struct range part, int status);

/* Send what the client takes now.  True: that was the last of the file.  False: there
 * is more, or the client has been dropped. */
bool download_send(struct client *c);

bool download_waits(const struct client *c); /* for the disk; then the client proceeds */
void download_timeout(struct client *c);     /* send_timeout is over: drop the client */
void download_leave(struct client *c);       /* for client_drop(): take it off the list */
void download_free(struct download *d);      /* NULL is a no-op */

/* The access line of a file that was served, or of what stands for it. */
void download_log(const struct client *c, int status, unsigned long long bytes,
		  double seconds, const char *why);

/* ---- health.c ---- */

/* The first step: answer a load balancer's health check, also where the head lacks
 * only its Host. */
enum step answer_health(struct client *c);

/* ---- scrape.c ---- */

/* A step: the page of the metrics. */
enum step answer_scrape(struct client *c);

/* ---- redirect.c ---- */

/* A step: what comes to a listener with `redirect` is sent to https. */
enum step answer_redirect(struct client *c);

/* ---- upgrade.c ---- */

/* A legal upgrade to the WebSocket of ROUTE: a session, or the answer why not; or it
 * waits for the hook, and is to come again. */
enum step upgrade(struct client *c, struct route *route, const struct handshake *hs);

#endif
