/* SPDX-License-Identifier: MIT */
/* conn.h - one client connection, WebSocket or plain: socket events become messages. */
#ifndef CONN_H
#define CONN_H

#include "tlsclient.h"
#include "wsclient.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONN_HEAD_MAX 4096

struct conn;

/* What the owner is told.  `message` may be NULL; nothing may be closed inside a call but
 * by `closed`, in which the connection is already closed and may be opened again. */
struct conn_handler {
	void (*opened)(struct conn *c);
	void (*data)(struct conn *c, const unsigned char *p, size_t n);
	void (*message)(struct conn *c); /* all data of one message has been given */
	void (*closed)(struct conn *c);  /* the server ended it; c->close_code says how */
};

/* Where and how connections of one run are made. */
struct conn_target {
	int epoll;
	struct sockaddr_in address;
	char host[64];
	char path[1024];
	struct tlsclient *tls; /* NULL: plain TCP */
	bool raw;              /* a plain byte stream instead of a WebSocket */
	size_t raw_unit;       /* a raw message's bytes with its newline; 0: never cut */
	const struct conn_handler *handler;
	void *owner;
};

enum conn_state {
	CONN_CLOSED,
	CONN_CONNECTING,
	CONN_HANDSHAKE,
	CONN_OPEN,
};

/* Bytes that are sent again and again: whole messages of the same size. */
struct conn_flood {
	unsigned char *p;
	size_t n;
	size_t unit;
};

struct conn {
	const struct conn_target *target;
	unsigned id;
	enum conn_state state;
	int fd;
	SSL *tls;       /* NULL: plain TCP */
	int close_code; /* 1006 when there was no close frame */
	bool reset;     /* ended by an error, not by the end of its stream */
	bool close_sent;
	bool eof_wanted;  /* raw: shut down for writing once all is sent */
	uint32_t watched; /* what epoll waits for */

	unsigned char *out; /* to be sent: [out_start, out_end) of out_cap */
	size_t out_start, out_end, out_cap;
	const struct conn_flood *flood; /* NULL: never had one */
	bool flooding;
	size_t flood_at;     /* position in the flood */
	uint64_t flood_sent; /* bytes of it that are gone */
	size_t refused;      /* bytes of it that TLS wants to be offered again; 0: none */

	struct wsclient_parser parser;
	char head[CONN_HEAD_MAX];
	size_t head_n;
	size_t message_n; /* bytes of the message before those given to `data` */

	/* The owner's: */
	uint64_t sent, received, pings;
	int64_t *sent_at;
	int64_t opened_at;
};

/* Connect; the rest follows by conn_io().  Ends the program when the kernel refuses. */
void conn_open(struct conn *c, const struct conn_target *target);

/* Close at once, without a call to `closed`. */
void conn_close(struct conn *c);
void conn_free(struct conn *c);

/* What epoll said. */
void conn_io(struct conn *c, uint32_t events);

/* Queue one message, a text frame or raw bytes.  It leaves at the end of conn_io(). */
void conn_send(struct conn *c, const void *p, size_t n);

/* Queue the end of the input: an empty binary message, or raw the end of the stream. */
void conn_send_eof(struct conn *c);

/* Queue a close frame with code 1000, or raw the end of the stream. */
void conn_send_close(struct conn *c);

/* Send FLOOD again and again until conn_end_flood() ends it after a whole message. */
void conn_begin_flood(struct conn *c, const struct conn_flood *flood);
void conn_end_flood(struct conn *c);

/* Send what is queued.  Needed outside of conn_io() only. */
void conn_flush(struct conn *c);

/* Print `load: client ID: …` and end the program. */
void conn_die(const struct conn *c, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));

#endif
