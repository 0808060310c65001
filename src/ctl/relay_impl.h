/* SPDX-License-Identifier: MIT */
/* relay_impl.h - what relay.c, relay_send.c and relay_receive.c share. */
#ifndef CTL_RELAY_IMPL_H
#define CTL_RELAY_IMPL_H

#include "lines.h"
#include "relay.h"
#include "ws.h"

#define RELAY_CHUNK (64 * 1024) /* one read(2) */
#define RELAY_ROOM (64 * 1024)  /* more than this waits: its source is not read */
#define RELAY_CLOSE_WAIT 5.0    /* seconds until the server answers a close */
#define RELAY_END_WAIT 1.0      /* and until it hangs up after that */

enum relay_state {
	RELAY_OPEN,
	RELAY_CLOSING, /* our close frame is on its way, the server's is awaited */
	RELAY_CLOSED,  /* the server's has come, or none will: only what waits goes on */
};

struct relay {
	const struct relay_conf *conf;
	struct wire *wire;
	struct relay_close *close;
	enum relay_state state;
	double deadline; /* of RELAY_CLOSING and RELAY_CLOSED */

	struct ws_conf ws_conf;
	struct ws ws;
	struct lines lines;
	struct buf send; /* frames for the socket */
	struct buf out;  /* for standard output */
	int out_fd;

	bool in_ended;     /* standard input */
	bool out_broken;   /* nobody reads standard output */
	bool socket_ended; /* nothing will come */
	bool send_broken;  /* nothing can be sent */
	bool interrupted;  /* by a signal */

	bool pong_due;
	char pong[FRAME_CONTROL_MAX]; /* of the newest ping */
	size_t pong_n;
	double heard;   /* when the server last said something */
	double ping_at; /* the next ping */
	double pinged;  /* the last ping; 0: none yet */
};

/* ---- relay_send.c: towards the server ---- */

/* Read standard input once, and frame what came. */
void relay_read_stdin(struct relay *r);

/* Queue a control frame. */
void relay_control(struct relay *r, enum opcode opcode, const void *p, size_t n);

/* Write what the socket takes. */
void relay_flush_socket(struct relay *r);

/* ---- relay_receive.c: from the server ---- */

/* Read the socket once, and take what came. */
void relay_read_socket(struct relay *r);

/* Take the N bytes at P, which are changed. */
void relay_take(struct relay *r, char *p, size_t n);

/* Write what standard output takes. */
void relay_flush_out(struct relay *r);

/* ---- relay.c ---- */

/* Queue our close frame; nothing more of standard input goes out. */
void relay_begin_close(struct relay *r, unsigned code, const char *reason);

/* Nothing of the server counts any more: end with CODE.  TEXT, unless NULL, is said. */
void relay_end_with(struct relay *r, unsigned code, const char *text);

/* End the process: there is no memory. */
void relay_must(int r);

#endif
