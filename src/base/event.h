/* SPDX-License-Identifier: MIT */
/*
 * event.h - the table of what can happen to a client and to the daemon, for the log and
 * for those who follow.
 *
 * An event is told with the values of its row's fields, in their order.  One that nobody
 * wants costs the branch of event_wanted().
 */
#ifndef BASE_EVENT_H
#define BASE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "log.h"

enum event {
	EVENT_STARTUP,
	EVENT_LISTENING,
	EVENT_RELOAD,
	EVENT_SHUTDOWN,
	EVENT_CONNECTION_REQUEST,
	EVENT_SSL_STEP,
	EVENT_SSL_STATUS,
	EVENT_SSL_CLIENT_AUTHENTICATION,
	EVENT_WEBSOCKET_OPEN_REQUEST,
	EVENT_CONNECTED,
	EVENT_READY_TO_SEND,
	EVENT_DATA_IN,
	EVENT_PONG,
	EVENT_ERROR,
	EVENT_DISCONNECTED,
	EVENTS
};

#define EVENT_FIELDS 13 /* of one event, at the most */

struct event_field {
	const char *name;
	enum log_type type;
	bool optional; /* left out when its text is NULL */
	bool failure;  /* ... and else this is a failure, which the log limits */
};

struct event_row {
	const char *name;
	enum log_level level;
	const char *doc;                         /* one sentence */
	struct event_field fields[EVENT_FIELDS]; /* up to the first without a name */
	bool access; /* the log has it only with access, unless it is a failure */
};

extern const struct event_row event_rows[EVENTS];

/* A bit for each event that somebody wants. */
extern unsigned event_bits;

static inline bool event_wanted(enum event e)
{
	return event_bits & 1u << e;
}

/* E has happened to WHO (log.h), with VALUES, one for each field of its row. */
void event_tell(enum event e, const char *who, const union log_value *values);

/* The log wants the events of its level from now on, those of an access only with ACCESS.
 */
void event_log(bool access);

/* ---- those who follow ---- */

struct event_follower {
	unsigned bits; /* a bit for each event that it wants */
	/* It has happened: keep what of it is wanted, and end nobody here. */
	void (*told)(struct event_follower *f, enum log_level level, const char *who,
		     const struct log_event *e);
	LIST_ENTRY(event_follower) link;
};

/* Tell F (not copied) from now on, and no more. */
void event_follow(struct event_follower *f);
void event_unfollow(struct event_follower *f);

/* ---- names ---- */

/* The event called NAME, or EVENTS. */
enum event event_find(const char *name);

/* Has an event a field NAME, or is it one that all have: event, id, path? */
bool event_field_known(const char *name);

#endif
