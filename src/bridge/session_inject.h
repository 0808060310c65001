/* SPDX-License-Identifier: MIT */
/*
 * session_inject.h - messages for a session's client that are not its backend's.
 *
 * They stand between the backend's messages, never inside of one, in the order in which
 * they were given.  While a file is sent, what the backend says waits.
 */
#ifndef BRIDGE_SESSION_INJECT_H
#define BRIDGE_SESSION_INJECT_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "frame.h"

struct session;
struct gather;
struct ending;

/* A file as one message.  Its owner keeps it, and FD open, until it has ended. */
struct session_file {
	int fd;
	uint64_t size;
	enum opcode opcode; /* OP_TEXT: it is checked to be UTF-8 on the way */
	/* It is over, and F the owner's again: 0, or -errno: -ECANCELED interrupted,
	 * -ESHUTDOWN the session is ending, -EILSEQ no UTF-8, -ENODATA it has become
	 * shorter, or what reading it gave. */
	void (*ended)(struct session_file *f, int error);
	void *data;

	uint64_t at;             /* bytes of it that have been queued */
	struct session *session; /* NULL: it is not under way */
	bool begun;              /* its first frame has been queued */
	bool waits;              /* for the disk */
	unsigned tries;          /* in vain since the last byte */
	ev_timer again;
};

/*
 * A whole message for S's client.  It goes at once, or behind what is under way.  0;
 * -ESHUTDOWN: the session is ending; -ENOBUFS: it would be more than `queue`; -ENOMEM.
 */
int session_send(struct session *s, enum opcode opcode, const char *p, size_t n);

/* Send F, whose first five members are filled in, the rest zero.  0; -ESHUTDOWN, -ENOMEM;
 * -EBUSY: another file is under way. */
int session_send_file(struct session *s, struct session_file *f);

/* Its owner does not want F any more: what was begun ends early, but in order. */
void session_drop_file(struct session_file *f);

/* Drop every message for the client that has not begun, and the rest of the one that has:
 * it ends in order.  No frame is cut.  How many bytes of payload were dropped. */
uint64_t session_interrupt(struct session *s);

/* ---- for the session ---- */

/* The session is ending: files end with ERROR, what waits never goes. */
void session_inject_end(struct session *s, int error);
void session_inject_free(struct session *s);

/* While a file is sent, what the backend says (G) is kept behind it: true. */
bool session_inject_holds(struct session *s, struct gather *g);

/* While a file is sent to one of many, the end E of what the backend says to it is kept
 * behind it, the first of several, and session_backend_ended() hears of it again: true.
 */
bool session_inject_outlasts(struct session *s, const struct ending *e);

/* S has an inject: bytes that wait in it. */
size_t session_inject_queued(const struct session *s);

/* S has an inject: a file wants to be written on. */
bool session_inject_pumps(const struct session *s);

/* The client takes more: a piece of the file. */
void session_inject_pump(struct session *s);

#endif
