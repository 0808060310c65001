/* SPDX-License-Identifier: MIT */
/*
 * event.h - the table of what can happen to a client and to the daemon, for the log and
 * for those who follow events.
 *
 * An event is told with the values of its row's fields, in their order.  An event that
 * nobody wants costs no more than the branch of event_wanted().
 */
#ifndef BASE_EVENT_H
#define BASE_EVENT_H

#include <stdbool.h>
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
	bool failure; /* ... otherwise the event is a failure, of which the log limits the
			 number */
};

struct event_row {
	const char *name;
	enum log_level level;
	const char *doc;                         /* one sentence */
	struct event_field fields[EVENT_FIELDS]; /* up to the first without a name */
	bool access; /* logged only with the setting `access`, unless it is a failure */
};

extern const struct event_row event_rows[EVENTS];

/* One bit for each event that the log or a follower wants. */
extern unsigned event_bits;

static inline bool event_wanted(enum event e)
{
	return event_bits & 1u << e;
}

/* E has happened to WHO (log.h), with VALUES, one for each field of its row. */
void event_tell(enum event e, const char *who, const union log_value *values);

/* From now on the log takes the events that its level lets pass; those marked `access`
 * only with ACCESS, unless they are failures. */
void event_log(bool access);

/* ---- those who follow ---- */

struct event_follower {
	unsigned bits; /* one for each event that it wants */
	/* An event has happened: copy what is wanted of it.  Ending a session from in
	 * here is not allowed. */
	void (*told)(struct event_follower *f, enum log_level level, const char *who,
		     const struct log_event *e);
	LIST_ENTRY(event_follower) link;
};

/* Begin and stop telling F, which is not copied. */
void event_follow(struct event_follower *f);
void event_unfollow(struct event_follower *f);

/* ---- names ---- */

/* The event called NAME, or EVENTS. */
enum event event_find(const char *name);

/* Is NAME a field of any event, or one that all have: event, id, path? */
bool event_field_known(const char *name);

#endif
