/* SPDX-License-Identifier: MIT */
/*
 * fan.h - a hub's subscribers where there may be many, or one that is not waited for.
 *
 * Whole messages of the source are built into frames once, and each subscriber's queue
 * gets a reference.  What becomes of one that is slower than the source, the setting
 * slow_client says.
 *
 *      LIVE     takes clients in; without any it goes on for `linger`
 *      ENDED    its source has ended, and is to come again when that has gone ...
 *      WAITING  ... after a while; clients stay, their input is discarded
 *      RETIRED  takes nobody in, and its source is stopped when its last client goes
 */
#ifndef BRIDGE_FAN_H
#define BRIDGE_FAN_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "buf.h"
#include "frame.h"
#include "replay.h"
#include "source.h"

struct hub;
struct session;
struct fan;
struct ending;
struct piece;

enum fan_state { FAN_LIVE, FAN_ENDED, FAN_WAITING, FAN_RETIRED };

/* Whoever hands a hub out to clients.  Its hubs linger. */
struct fan_owner {
	/* Give H, which had a source, another.  0, or -errno, which is logged. */
	int (*open)(struct fan_owner *owner, struct hub *h);
	/* H takes nobody in any more, and will be freed. */
	void (*retired)(struct fan_owner *owner);
	/* H, which has been retired or was never attached, is no more, or has no source
	 * any more. */
	void (*gone)(struct fan_owner *owner);
};

struct fan {
	enum fan_state state;
	struct fan_owner *owner; /* NULL: the hub has one client, and goes with it, or
				  * those that outlive its source */
	const char *path; /* for its log lines, with ID; NULL: it never had an owner */
	const char *noun; /* and what its source is in them: "program" */
	uint64_t id;      /* of its program; with an owner */
	LIST_HEAD(, session) subscribers;
	unsigned n;         /* of them */
	unsigned full;      /* ... whose queue has no room (session.output_full) */
	unsigned unwritten; /* ... to whom a message is written in another turn */
	bool input_full;    /* too much waits for the source: no client is read */
	bool delivering;    /* to one after the other: nothing is read now */
	bool amid;          /* the source's message has begun and not ended */
	bool too_long;      /* ... and is over max_message: its rest is dropped */
	enum opcode opcode; /* of that */
	struct buf message; /* its bytes so far */
	ev_timer linger;
	struct replay replay;
	struct source nothing; /* instead of a source while WAITING */
	ev_timer again;        /* WAITING */
	double delay;          /* before the source comes again */
	double since;          /* when it came */
};

/* A fan without subscribers for H, or NULL: out of memory. */
struct fan *fan_new(struct hub *h);
void fan_free(struct fan *f); /* NULL is a no-op */

/* H is OWNER's from now on; its log lines begin with PATH, which lives as long as its
 * settings, and call its source NOUN, static. */
void fan_own(struct hub *h, struct fan_owner *owner, const char *path, const char *noun);

/* Is F somebody's, for many clients, or was it until its source had gone? */
static inline bool fan_is_for_many(const struct fan *f)
{
	return f->path;
}

/* Its program has this ID, which they begin with too. */
static inline void fan_set_id(struct fan *f, uint64_t id)
{
	f->id = id;
}

/* Close all subscribers of H but S with 1008 and REASON. */
void fan_close_others(struct hub *h, const struct session *s, const char *reason);

/* H takes nobody in any more: it goes with its last client.  Clients without a source,
 * who wait for it to come again, are closed. */
void fan_retire(struct hub *h);

/* The source of H could not be opened.  True: that is tried again later. */
bool fan_try_again(struct hub *h);

/* ---- for the hub ---- */

/* Somebody waits for H to open: it lingers no more. */
void fan_expect(struct hub *h);
void fan_subscribe(struct hub *h, struct session *s);
void fan_leave(struct hub *h, struct session *s, bool flush);

/* S, who has subscribed, hears what was said last. */
void fan_replay(struct hub *h, struct session *s);

/* Nobody is let in any more, and no other source comes. */
void fan_close(struct hub *h);

/* The queue of a subscriber has become full, or has room again. */
static inline void fan_count_full(struct fan *f, bool full)
{
	f->full = full ? f->full + 1 : f->full - 1;
}

/* Is there neither a client nor one that comes?  Then H lingers, or its source is
 * stopped; with FLUSH after what was written to it. */
void fan_check_idle(struct hub *h, bool flush);

/* As the functions of the hub for its source. */
void fan_output(struct hub *h, const char *p, size_t n, bool eof);
/* A text message for all that is not of the source's output; fan_say_end() sends it. */
void fan_say(struct hub *h, const char *p, size_t n);
void fan_say_end(struct hub *h);
void fan_forget(struct hub *h); /* the message that is not whole yet */
size_t fan_room(const struct hub *h);
void fan_input_changed(struct hub *h);
void fan_ended(struct hub *h, const struct ending *e);
void fan_source_gone(struct hub *h);
void fan_opened(struct hub *h, int error, const char *why);

/* The source has gone: does another come? */
bool fan_comes_again(const struct hub *h);

/* ... then wait for it. */
void fan_wait(struct hub *h);

/* No other comes, but there are clients to whom a file is sent: its owner is told that it
 * has gone. */
void fan_have_nothing(struct hub *h);

void fan_resized(struct hub *h);

#endif
