/* SPDX-License-Identifier: MIT */
/*
 * hub.h - the other side that sessions subscribe to.
 *
 * A hub stands between a source (a program, later others) and its clients: it turns
 * clients' messages into the source's bytes and the source's bytes into frames, each
 * built once.  To one subscriber, whom the source waits for, they go as they come
 * (hub_stream.c); else whole messages are kept and shared (fan.h).
 */
#ifndef BRIDGE_HUB_H
#define BRIDGE_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "bridge.h"
#include "framing.h"
#include "replay.h"
#include "source.h"
#include "stats.h"
#include "terminal.h"
#include "ws.h"

enum slow_client { SLOW_USUAL, SLOW_PAUSE, SLOW_DISCONNECT, SLOW_DROP };
enum hub_process {
	PROCESS_EACH,    /* a source for each client */
	PROCESS_SHARED,  /* one for all of the path */
	PROCESS_SESSION, /* one for those who name the same session */
};

enum hub_restart { RESTART_NO, RESTART_ON_FAILURE, RESTART_ALWAYS };

struct hub_conf {
	struct framing_conf framing;
	size_t max_frame; /* payload bytes of an outgoing frame; 0: no limit */
	size_t queue;     /* bytes held in each direction */
	enum hub_process process;
	enum slow_client slow_client; /* SLOW_USUAL does not come here */
	double linger; /* seconds without a client; 0: it goes with the last */
	bool boot;     /* it is there without any client */
	struct replay_conf replay;
	enum hub_restart restart;
	double restart_delay; /* seconds; doubled for a source that does not live long */
};

/* Somebody who is told when a source has opened, or why it has not: ERROR is 0, or -errno
 * with WHY, static words for a client. */
struct hub_waiter {
	void (*opened)(struct hub_waiter *w, int error, const char *why);
	LIST_ENTRY(hub_waiter) link;
};

struct hub_json;
struct session_start;

struct hub {
	struct bridge *bridge;
	const struct hub_conf *conf;
	void *keep; /* what CONF lives in; given to bridge->owner.unkeep() at the end */
	struct source *source;
	LIST_HEAD(, hub_waiter) waiters; /* for that */
	struct session *subscriber;      /* or NULL */
	struct fan *fan; /* of subscribers instead; NULL: there is only that one */
	struct path_stats *stats;
	struct framing framing;  /* of the source's output */
	struct charset *charset; /* of text in its input; NULL: UTF-8 */
	struct hub_json *json;   /* with frame = json; else NULL */
	bool opening;            /* the source cannot be used before hub_opened() */
	bool plain;       /* messages go to the source as they are: neither of both */
	bool input_ended; /* the source does not take any more */
	bool amid;        /* the source's message has begun and not ended */
	bool care;        /* the next message is not to go as usual: */
	bool dropping; /* the rest of it is dropped; or the subscriber waits for its end
			*/
	struct terminal_size terminal; /* of the source; 0, 0: it has none */
	LIST_ENTRY(hub) link;
};

/* A hub without a source; CONF and STATS stay the caller's, alive until KEEP is given
 * back.  NULL: out of memory. */
struct hub *hub_new(struct bridge *b, const struct hub_conf *conf,
		    struct path_stats *stats, void *keep);

/* Give H its SOURCE, which H owns from now on. */
void hub_attach(struct hub *h, struct source *source);

/* Free a hub that never had a source (NULL is a no-op). */
void hub_free(struct hub *h);

/* Only bridge.c, after hub_source_gone(): free H, or only its source if another is to
 * come, or clients stay. */
void hub_reap(struct hub *h);

/* ---- while it opens ---- */

/* W waits for hub_opened(), after which it is on no list, and who it is for subscribes or
 * calls hub_abandon(). */
void hub_wait(struct hub *h, struct hub_waiter *w);

/* W waits no more. */
void hub_unwait(struct hub *h, struct hub_waiter *w);

/* Somebody does not subscribe after all: a source that nobody else needs is stopped. */
void hub_abandon(struct hub *h);

/* ---- for the session ---- */

/* S hears from now on what the source says. */
void hub_subscribe(struct hub *h, struct session *s);

/* The source hears who S is, if it is one that wants to know.  0, or why S may not stay:
 * -ENOMEM, or -ENOBUFS: it does not read its input. */
int hub_introduce(struct hub *h, struct session *s, const struct session_start *start);

/* S leaves.  Nobody is left: the source is stopped; with FLUSH after what was written to
 * it. */
void hub_leave(struct hub *h, struct session *s, bool flush);

/* Why a message is not passed on. */
struct refusal {
	unsigned code; /* to close with; 0: it was passed on */
	const char *reason;
};

/* E, a piece of S's message, for the source.  Its bytes stay until hub_flush(); or they
 * are all that lies in its storage, which goes with the next event and may be emptied.
 * Nothing was passed on of what is refused. */
struct refusal hub_input(struct hub *h, const struct session *s,
			 const struct ws_event *e);

/* Write what hub_input() gathered. */
void hub_flush(struct hub *h);

/* The end of S's input. */
void hub_finish(struct hub *h, const struct session *s);

/* The source's terminal is to have SIZE; nothing happens if it has none. */
void hub_resize(struct hub *h, struct terminal_size size);

/* A whole message for the subscriber S that is not the source's, while none of the
 * source's is under way (h->amid). */
void hub_send(struct hub *h, struct session *s, enum opcode opcode, const char *p,
	      size_t n);

/* Bytes of input that the source has not taken yet. */
size_t hub_kept(const struct hub *h);

/* Pid of the source's program; 0: none. */
long hub_pid(const struct hub *h);

/* Where the service is that it stands for; NULL: it is none. */
const struct addr *hub_service(const struct hub *h);

/* How many subscribers H (or NULL) has. */
unsigned hub_clients(const struct hub *h);

/* The subscriber's queue has changed: the source may be read again, or no more. */
void hub_proceed(struct hub *h);

/* ---- for the source ---- */

/* A source that was attached with h->opening has opened; or, with ERROR and WHY, it has
 * not, and will be gone. */
void hub_opened(struct hub *h, int error, const char *why);

/* How many bytes may be read from the source now; 0: none. */
size_t hub_room(const struct hub *h);

/* N bytes of the source, the last of all with EOF. */
void hub_output(struct hub *h, const char *p, size_t n, bool eof);

/* What the source says next begins anew.  What it has left unfinished is a message; where
 * its length came before it, it is forgotten: true. */
bool hub_cut(struct hub *h);

/* Input was taken: clients may be read again. */
void hub_source_drained(struct hub *h);

/* The source's terminal has SIZE. */
void hub_resized(struct hub *h, struct terminal_size size);

/* The source has said everything. */
void hub_source_ended(struct hub *h, const struct ending *e);

/* The source can be freed. */
void hub_source_gone(struct hub *h);

#endif
