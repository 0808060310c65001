/* SPDX-License-Identifier: MIT */
/*
 * caller.h - somebody who gives commands: lines of requests come in; their answers, and
 * the events that the caller follows, go out as lines.
 *
 * A caller knows no transport.  Its owner appends what comes to `in`, calls
 * caller_work(), and sends what is in `out`.  The requests of one caller are carried out
 * in their order, one after the other, a few milliseconds in each turn of the loop.
 */
#ifndef SERVER_CALLER_H
#define SERVER_CALLER_H

#include "buf.h"
#include "command.h"

#define CALLER_LINE (1024 * 1024) /* bytes of a request, with its newline */
#define CALLER_WHO 160

struct follower;

struct caller {
	/* for the transport to fill in, the rest zero */
	struct server *server;
	enum rights rights;   /* what it may do */
	char who[CALLER_WHO]; /* for the log */
	int fd; /* a descriptor that came along with a request in `in`; -1: none */
	/* The caller has new work, though its owner did nothing; called from within
	 * another object's callback, so only to be noted. */
	void (*stirred)(struct caller *c);

	size_t fd_end; /* ... namely that of the line with the FD_END-th byte of `in` */
	struct buf in, out;
	size_t looked; /* bytes at the head of `in` that hold no newline */
	bool ended;    /* nothing more comes in: what is left in `in` is the last line */
	bool over;     /* out of memory: the caller has to be dropped */
	bool overlong; /* a line that is too long is skipped */
	bool busy;     /* with call */
	bool listing;  /* ... whose result has begun */
	bool first;    /* ... and its list has no element yet */
	struct call call;
	json_t *id;                /* of the call; NULL: it is not answered */
	struct follower *follower; /* NULL: it follows nothing */
};

/* May more be appended to `in`?  Not behind a line with a descriptor until that line
 * has been read, so that there is one at a time. */
bool caller_takes_more(struct caller *c);

/* FD, which is given away, came with the last bytes of `in`. */
void caller_take_descriptor(struct caller *c, int fd);

/* Go on with its requests, as long as there is room in `out`. */
void caller_work(struct caller *c);

/* Would caller_work() get on with something, or is it over? */
bool caller_has_work(struct caller *c);

/* Is a call under way that waits for an event? */
bool caller_waits(const struct caller *c);

/* Have all its requests been answered, but for half a line? */
bool caller_is_idle(struct caller *c);

/* How many bytes in `in` are a line without its end; 0 while a call is under way. */
size_t caller_half_line(struct caller *c);

/* Forget its call, what it follows, and all bytes. */
void caller_end(struct caller *c);

#endif
