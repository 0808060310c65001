/* SPDX-License-Identifier: MIT */
/*
 * command.h - the table of control commands, without a transport.
 *
 * A call is one use of a command: JSON parameters in, a JSON result or an error out. Most
 * are over when call_start() returns; the others go on in small steps, hand out their
 * result row by row, or wait for an event, so that the loop never waits for them.
 */
#ifndef SERVER_COMMAND_H
#define SERVER_COMMAND_H

#include <jansson.h>

#include "rights.h"
#include "server.h"

/* The errors of calls: JSON-RPC's own, and ours (wsbridge-control(7) lists them). */
enum call_error {
	CALL_PARSE = -32700,
	CALL_REQUEST = -32600,
	CALL_METHOD = -32601,
	CALL_PARAMS = -32602,
	CALL_INTERNAL = -32603,
	CALL_NO_CLIENT = -32000,
	CALL_CLOSING = -32001,
	CALL_FULL = -32002,
	CALL_RELOAD = -32003,
	CALL_VALUE = -32004,
	CALL_BUSY = -32005,
	CALL_TIMEOUT = -32006,
	CALL_STOPPING = -32007,
	CALL_TOO_MANY = -32008,
	CALL_LISTEN = -32009,
	CALL_FILE = -32010,
	CALL_INTERRUPTED = -32011,
	CALL_RIGHTS = -32012,
	CALL_NO_CHANNEL = -32013,
};

/* What a parameter's value is. */
enum param_type {
	PARAM_TEXT,   /* a string without NUL */
	PARAM_DATA,   /* a string */
	PARAM_NUMBER, /* an integer that is not negative */
	PARAM_FLAG,   /* true or false */
	PARAM_TARGET, /* a client's id, "all", or "path=/x" */
	PARAM_CLIENT, /* a client's id */
	PARAM_VALUE,  /* a string without NUL, an integer, true or false: becomes text */
	PARAM_PATH,   /* "/x", as the file has it, or "path=/x" */
	PARAM_WORDS,  /* a string without NUL, or several in an array */
};

struct command_param {
	const char *name;
	enum param_type type;
	bool required;
};

struct call;
struct follower;

struct command {
	const char *name;
	const char *doc;   /* one sentence */
	enum rights needs; /* the least rights that its caller has to have */
	bool changes; /* each use is logged at level info, not debug; `set` has its own
			 line */
	struct command_param params[4]; /* up to the first without a name, in the order
					   that they have without names */
	/* Begin C: it ends (call_succeed(), call_fail()), or goes on as its state says.
	 */
	void (*start)(struct call *c);
	/* CALL_STEPS: go on, for no more than a few milliseconds. */
	void (*step)(struct call *c);
	/* CALL_ROWS: the next element of the result, yours; NULL: no more, or, with
	 * *RET_LATER (false before), none in this turn of the loop. */
	json_t *(*row)(struct call *c, bool *ret_later);
	/* It is over, or nobody wants it any more: give back what WORK holds.  NULL:
	 * nothing. */
	void (*end)(struct call *c);
};

extern const struct command commands[];
extern const size_t ncommands;

enum call_state {
	CALL_NEW,
	CALL_STEPS, /* call_step() goes on, in this turn or the next */
	CALL_ROWS,  /* the result is a list: call_row() until it ends */
	CALL_WAITS, /* for an event; then changed() is called */
	CALL_ENDED, /* with a result or an error */
};

#define CALL_TEXT 512

struct call {
	struct server *server;
	const char *who;                 /* the caller, for the log */
	enum rights rights;              /* ... and what it may do */
	json_t *params;                  /* an object, or NULL */
	int fd;                          /* that came with it, or -1 */
	void (*changed)(struct call *c); /* its state has changed by itself */
	/* Tell the caller how far the command is; PARAMS are given away.  NULL: nobody
	 * wants to know. */
	void (*progress)(struct call *c, json_t *params);
	/* From now on the caller follows F, which is given away, instead of what it
	 * followed. */
	void (*follow)(struct call *c, struct follower *f);
	void *owner;

	const struct command *command;
	enum call_state state;
	json_t *result;       /* CALL_ENDED: with code 0 */
	int code;             /* enum call_error, or 0 */
	char text[CALL_TEXT]; /* what to do about it */
	json_t *data;         /* more about the error, or NULL */

	/* for the command */
	struct session_walk walk;
	struct session *session; /* CALL_WAITS: for news of it */
	ev_timer deadline;       /* CALL_WAITS: not longer */
	void *work;
	size_t at;             /* position in its rows */
	char *bytes;           /* decoded */
	LIST_ENTRY(call) link; /* CALL_WAITS */
};

/* ---- for a transport ---- */

/* Begin the command NAME as C, whose first half is filled in, the rest zero.  PARAMS (an
 * object, an array in the order of the table, or NULL) is C's from now on. */
void call_start(struct call *c, const char *name, json_t *params);

/* Go on with a call in CALL_STEPS. */
void call_step(struct call *c);

/* The next element of a call in CALL_ROWS, yours; NULL: it has ended, or it is still in
 * CALL_ROWS and goes on in the next turn of the loop. */
json_t *call_row(struct call *c);

/* Forget C, whatever its state; what it held is given back. */
void call_free(struct call *c);

/* ---- for a command ---- */

/* C is over with RESULT, which is given away (NULL: out of memory). */
void call_succeed(struct call *c, json_t *result);

/* C is over with an error: a sentence that says what to do. */
void call_fail(struct call *c, enum call_error code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* TEXT of whatever bytes: what is no UTF-8 comes out printable. */
json_t *call_json_text(const char *text);
json_t *call_json_traffic(const struct traffic *t);

/* Has C's caller the rights for COMMAND? */
bool call_may(const struct call *c, const struct command *command);

/* Wait for news of SESSION (or NULL), SECONDS at most (0: as long as it takes). */
void call_wait(struct call *c, struct session *session, double seconds);

/* Let C wait for work that goes on without it and ends the call through W: w->call is
 * C as long as anybody wants the result, then NULL.  W stays yours.  The command's end
 * has to be command_wait_end. */
struct call_waiter {
	struct call *call;
};
void call_wait_for(struct call *c, struct call_waiter *w);

/* Its parameter NAME; the checks have been made.  DEF when it is not there. */
const char *call_text(const struct call *c, const char *name, const char *def);
json_int_t call_number(const struct call *c, const char *name, json_int_t def);
bool call_flag(const struct call *c, const char *name);

/* The client of its parameter "to"; NULL: C has failed. */
struct session *call_client(struct call *c);

/* Is S one of the clients that the parameter NAME (a PARAM_TARGET) means? */
bool call_means(const struct call *c, const char *name, const struct session *s);

/* Does it mean one client alone? */
bool call_means_one(const struct call *c, const char *name);

/* Begin to walk through the clients, in STATE (CALL_STEPS or CALL_ROWS).  The
 * command's end() has to end the walk, as command_walk_end does. */
void call_walk(struct call *c, enum call_state state);

/* The next client of the walk that the parameter NAME means, looking at *LEFT clients
 * at most, which is counted down.  NULL: none in this turn; if *LEFT > 0, the walk is
 * over. */
struct session *call_next(struct call *c, const char *name, unsigned *left);
#define CALL_PER_STEP 200 /* clients that are looked at in one turn of the loop */

/* Count one more under NAME in its result. */
void call_count(struct call *c, const char *name);

/* End the call with what was counted; NAME is there in any case, if only as 0. */
void call_counted(struct call *c, const char *name);

/* ---- for the server ---- */

/* Tell the calls that wait for SESSION that a pong has come, or that it has ended. */
void calls_ponged(struct server *s, const struct session *session);
void calls_session_ended(struct server *s, const struct session *session);

/* ---- command_X.c ---- */

/* The message of C: its text, or its base64 decoded to c->bytes.  False: C has failed. */
bool command_message(struct call *c, enum opcode *ret_opcode, struct span *ret);

void command_version(struct call *c);
void command_status(struct call *c);
void command_reload(struct call *c);
void command_list(struct call *c);
json_t *command_list_row(struct call *c, bool *ret_later);
void command_list_end(struct call *c);
json_t *command_list_client(struct session *s); /* what it says of S */
double command_rate(struct session *s);         /* bytes a second, both ways */
void command_show(struct call *c);
void command_walk_end(struct call *c);
void command_wait_end(struct call *c);
void command_disconnect(struct call *c);
void command_disconnect_step(struct call *c);
void command_ping(struct call *c);
void command_ping_step(struct call *c);
void command_send(struct call *c);
void command_send_step(struct call *c);
void command_send_file(struct call *c);
void command_file_end(struct call *c);
void command_publish(struct call *c);
void command_interrupt(struct call *c);
void command_interrupt_step(struct call *c);
void command_listen(struct call *c);
void command_shutdown(struct call *c);
void command_get(struct call *c);
void command_set(struct call *c);
void command_keys(struct call *c);
json_t *command_keys_row(struct call *c, bool *ret_later);
void command_events(struct call *c);

#endif
