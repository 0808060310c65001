/* SPDX-License-Identifier: MIT */
/*
 * session.h - one open WebSocket from its 101 to its reaping.
 *
 * It moves bytes between its client's stream and its hub, answers pings, and leads the
 * closing handshake.  Whatever ends it only changes its state; bridge.c frees it before
 * the loop sleeps.
 */
#ifndef BRIDGE_SESSION_H
#define BRIDGE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "bridge.h"
#include "bucket.h"
#include "hub.h"
#include "outq.h"
#include "rate.h"
#include "session_asked.h"
#include "session_inject.h"
#include "span.h"
#include "stats.h"
#include "stream.h"
#include "ws.h"

/* All times in seconds, 0 = never. */
struct session_conf {
	struct ws_conf ws;
	bool write; /* clients' messages reach the backend; else they are discarded */
	bool eof;   /* an empty binary message ends the backend's input */
	double ping_interval; /* between our pings */
	double ping_timeout;  /* for the pong */
	double idle_timeout;  /* without a data frame in either direction */
	double send_timeout;  /* without progress while output waits */
	double message_rate;  /* clients' messages a second; 0: no limit */
	size_t queue;         /* bytes held in each direction */
	unsigned close_code;  /* when the backend ended well */
	char *close_reason;   /* or NULL */
	bool close_wait;      /* wait for the peer's close frame */
	double close_timeout;
};

enum session_state {
	SESSION_OPEN,
	SESSION_CLOSING,   /* our close frame is queued or sent, the peer's is awaited */
	SESSION_FLUSHING,  /* nothing is awaited but that the output leaves */
	SESSION_LINGERING, /* our end of the stream is told, the peer's is awaited: no RST
			      eats the tail */
	SESSION_DEAD,
	SESSION_STATES
};

struct session {
	struct bridge *bridge;
	const struct session_conf *conf;
	void *keep;      /* what CONF lives in */
	struct hub *hub; /* NULL: has left it */
	struct stream client;
	struct ws ws;
	struct outq out; /* frames that the stream has not taken */
	enum session_state state;

	uint16_t pongs;       /* in out, whose mark is the last of them */
	bool ping_unanswered; /* too many pings: of the newest, its payload waits here */
	uint8_t newest_ping_size;
	char *newest_ping; /* NULL until there were too many */

	bool refused;         /* it never had a hub */
	bool size_waits;      /* the terminal's, to be told in another turn, with room */
	bool terminal;        /* it speaks terminal.wsbridge */
	bool input_ended;     /* the client has sent its end of input */
	bool aside;           /* its messages may not be for the backend */
	bool client_finished; /* SESSION_FLUSHING: the end of its stream has come */
	bool empty;           /* the message under way, so far */
	bool reading_paused;
	bool patient;         /* its source is slow: half of queue may wait for it */
	bool output_full;     /* the source is not read */
	bool ping_waits;      /* the pong to our last ping has not come */
	bool held;            /* the client is not read, by order */
	uint8_t armed_for;    /* the deadline_key() that the timer is set for */
	uint8_t late_events;  /* of LATE: EV_READ, EV_WRITE */
	uint32_t ping_number; /* of our last ping */
	size_t last_kept;     /* hub_kept() at the last look at a paused client ... */
	double last_taken;    /* ... and when it was another */
	ev_timer timer;       /* the nearest deadline */
	double opened, last_data, last_progress, last_ping, last_look, state_since;
	double paused_since, ping_paused; /* the pause, and those since the last ping */
	double round_trip;                /* of the last ping, seconds; < 0: unknown */

	struct bucket messages; /* under conf->message_rate */

	uint64_t id;
	const struct addr *peer; /* behind the session: of it as much as there is */
	char *via;               /* the proxy's address; NULL: none, or out of memory */
	const char *path;        /* in KEEP */
	char *user;              /* NULL: nobody was asked, or out of memory */
	struct traffic in, in_discarded, sent;
	struct path_stats *stats; /* in KEEP; counts the same for all its sessions */
	size_t queued;            /* session_queued(), as stats has it */
	uint16_t close_code;      /* as it stands in the access line */
	bool unwritten;           /* what many hear waits for LATE: it is not too slow */
	enum closed_by closed_by;
	char *close_reason, *process; /* NULL: none, or out of memory */
	char *asked;                  /* session_asked_text(); NULL: out of memory */
	struct inject *inject;  /* messages that are not the backend's; NULL: none wait */
	struct traffic dropped; /* was queued and never sent: the client is too slow */
	struct rate rate;       /* of what passes, both ways */
	struct late late; /* for another turn: LATE_EVENTS, all of out, what is due */
	LIST_ENTRY(session) subscription; /* of hub->fan */
	LIST_ENTRY(session) link;
};

/* What a session is made of. */
struct session_start {
	uint64_t id;
	const struct session_conf *conf;
	const char *path;         /* lives as long as CONF */
	struct path_stats *stats; /* so does this */
	const char *user;         /* copied; NULL: nobody was asked */
	void *keep;            /* what both live in; given to owner.unkeep() at the end */
	struct stream *client; /* moved */
	struct addr peer;
	const char *via; /* the address of the proxy that names PEER, or NULL; copied */
	struct hub *hub; /* with a source; NULL: the session is closed at once by
			    session_close() */
	const char *request_path; /* as it was asked for, decoded */
	struct span query;        /* the same, as it came */
	const struct span *asked; /* ASKED_COUNT of them, copied; or NULL */
	struct span greeting;     /* the 101, sent first */
	struct span subprotocol;  /* in it; n == 0: none */
	bool terminal; /* ... is terminal.wsbridge: text messages are control objects */
};

/* The session, or NULL: out of memory, and nothing was taken. */
struct session *session_open(struct bridge *b, const struct session_start *start);

/* N bytes that the client has sent. */
void session_input(struct session *s, char *p, size_t n);

/* Queue a close frame and leave the hub.  REASON is copied.  Nothing happens once
 * closing. */
void session_close(struct session *s, unsigned code, const char *reason,
		   enum closed_by by);

/* Drop the client without a close frame; what it is told is an RST. */
void session_abort(struct session *s, const char *why);

/* Start and stop its watchers, from the state and the fill of the buffers: every
 * callback's end. */
void session_proceed(struct session *s);

/* Bytes that wait for the client, as `queue` limits them: in its queue, behind a file
 * that it is sent, and for the end of a message. */
static inline size_t session_queued(const struct session *s)
{
	return outq_cost(&s->out) + (s->inject ? session_inject_queued(s) : 0);
}

/* The text that its log lines begin with.  OUT has room for SESSION_WHO bytes; returned.
 */
#define SESSION_WHO 1088 /* paths of up to 1 KiB are whole */
const char *session_who(uint64_t id, const char *path, char *out);

/* "open", "closing", ...; static. */
const char *session_state_name(const struct session *s);

/* Send a ping of our own, unless one is to be answered within ping_timeout already; the
 * owner hears of the pong. */
void session_ping(struct session *s);

/* Do not read the client from now on, or do again. */
void session_hold(struct session *s, bool hold);

/* Only bridge.c, once SESSION_DEAD. */
void session_free(struct session *s);

/* ---- for its hub ---- */

/* How many bytes of frames may be queued for this client now; 0: none should be made. */
size_t session_room(const struct session *s);

/* Whole frames for the client, T of them counted. */
void session_deliver(struct session *s, struct gather *g, const struct traffic *t);

/* All of B, which others hear, too. */
void session_share(struct session *s, const struct batch *b);

/* The same, written at the end of the turn at the earliest: more may come. */
void session_share_later(struct session *s, const struct batch *b);

/* None of the source's messages is under way. */
void session_boundary(struct session *s);

/* The hub's terminal has another size. */
void session_tell_size(struct session *s);

/* The same for one of many: in this turn of the loop, or when it is long enough, in
 * another. */
void session_tell_size_in_time(struct session *s);

/* The source has said everything to S, which closes, if not before a file has been sent.
 */
void session_backend_ended(struct session *s, const struct ending *e);

#endif
