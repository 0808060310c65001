/* SPDX-License-Identifier: MIT */
/* session_impl.h - what the files session*.c tell each other. */
#ifndef BRIDGE_SESSION_IMPL_H
#define BRIDGE_SESSION_IMPL_H

#include "session.h"

/* ---- session.c ---- */

/* The source is slow: from now on half of `queue` may wait for it, until it has taken
 * all. */
void session_be_patient(struct session *s);

/* Make S's watchers and timer; all else of it is the caller's. */
void session_init(struct session *s);

/* Do the client's bytes still mean something? */
bool session_parses(const struct session *s);

/* The event that what is sent to it leaves at once. */
void session_tell_ready(const struct session *s);

void session_set_state(struct session *s, enum session_state state);

/* The prefix of its log lines; static, until the next call. */
const char *session_name(const struct session *s);

/* What the access line will say of the end; the first cause stands. */
void session_note_end(struct session *s, unsigned code, const char *reason,
		      enum closed_by by);

/* The client has broken a rule, or begun the closing handshake: answer with a close
 * frame, and leave. */
void session_reply_close(struct session *s, unsigned code, const char *reason);

/* Drop the client, who is not there any more (ABORT: nor is its kernel). */
void session_vanished(struct session *s, const char *why, bool abort);

/* The same after the -errno ERROR of its stream. */
void session_lost(struct session *s, ssize_t error);

/* Nothing more is said to the client. */
void session_die(struct session *s, bool abort);

/* In another turn of the loop all that is queued is written, and what EVENTS of its
 * stream ask for is done. */
void session_wait(struct session *s, int events);

/* ---- session_share.c ---- */

/* What many hear waits for another turn of the loop; until then they hear no more. */
void session_share_wait(struct session *s);

/* What had to wait for this turn is written; TAKEN: all that was offered. */
void session_share_written(struct session *s, bool taken);

/* ---- session_input.c ---- */

/* Read the client once. */
void session_read(struct session *s);

/* ---- session_terminal.c ---- */

/* A text message of a client that speaks terminal.wsbridge, N bytes at P.  NULL, or why
 * it is no control object. */
const char *session_control(struct session *s, const char *p, size_t n);

/* ---- session_output.c ---- */

/* Queue whole frames, N bytes at P. */
void session_queue(struct session *s, const void *p, size_t n);

/* Whole frames for the client: written, or queued. */
void session_put(struct session *s, struct gather *g);

/* Write what is queued, up to OUTQ_WRITE.  True: the client has taken all of that. */
bool session_flush(struct session *s);

/* ... in this turn of the loop, or, when it is long enough, in another. */
void session_flush_in_time(struct session *s);

/* Answer a ping with its payload, or, while too many answers wait, only the newest. */
void session_pong(struct session *s, const char *p, size_t n);

/* Something for the client's kernel to answer; what waits already serves as well. */
void session_heartbeat(struct session *s);

/* ---- session_deadline.c ---- */

void session_deadline_init(struct session *s);

/* Set the timer to the nearest deadline. */
void session_arm(struct session *s);

/* Whatever is due, and session_arm(). */
void session_expire(struct session *s);

#endif
