/* SPDX-License-Identifier: MIT */
/*
 * caller.h - who gives commands: lines of requests in; their answers and the events that
 * it follows, as lines, out.
 *
 * It knows no transport. Whoever has one appends what comes to `in`, lets it work, and
 * sends what is in `out`. The requests of one caller are carried out in their order, one
 * after the other, a few milliseconds in each turn of the loop.
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
	int fd;               /* -1, or that came along for one of the requests in `in` */
	/* There is work for it, told in the middle of somebody else's callback. */
	void (*stirred)(struct caller *c);

	size_t fd_end; /* ... which the FD_END-th byte of `in` is of */
	struct buf in, out;
	size_t looked; /* bytes at the head of `in` that hold no newline */
	bool ended;    /* nothing more comes in; what is left is a line */
	bool over;     /* out of memory: nothing more can be done for it */
	bool overlong; /* a line that is too long is skipped */
	bool busy;     /* with call */
	bool listing;  /* ... whose result has begun */
	bool first;    /* ... and has no element yet */
	struct call call;
	json_t *id;                /* of the call; NULL: it is not answered */
	struct follower *follower; /* NULL: it follows nothing */
};

/* May more be appended to `in`?  One descriptor at a time: while one waits, nothing
 * behind its line. */
bool caller_takes_more(struct caller *c);

/* FD, which is given away, came with the last bytes of `in`. */
void caller_take_descriptor(struct caller *c, int fd);

/* Go on with its requests, as long as there is room in `out`. */
void caller_work(struct caller *c);

/* Would caller_work() go on, and waits for nobody; or is it over? */
bool caller_has_work(struct caller *c);

/* Is its call under way, and waits for an event? */
bool caller_waits(const struct caller *c);

/* Is everything that it has said answered, but for half a line? */
bool caller_is_idle(struct caller *c);

/* The bytes of half a line that waits for its end; not while a call is under way. */
size_t caller_half_line(struct caller *c);

/* Forget its call, what it follows, and all bytes. */
void caller_end(struct caller *c);

#endif
