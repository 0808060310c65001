/* SPDX-License-Identifier: MIT */
/* load.h - one run of the load generator: options, phases, counters, modes. */
#ifndef LOAD_H
#define LOAD_H

#include "conn.h"
#include "cost.h"
#include "crowd.h"
#include "histogram.h"

#define LOAD_NS_PER_SECOND INT64_C(1000000000)

struct load;

enum load_end { END_EOF, END_CLOSE };

struct load_options {
	unsigned clients;
	unsigned crowd; /* silent ones beside them */
	unsigned inflight;
	size_t size; /* bytes of a message, without a raw one's newline */
	int64_t run_ns;
	uint64_t messages; /* 0: until run_ns is over */
	unsigned timeout;  /* seconds after which the run is given up */
	pid_t pid;         /* the daemon, or 0 */
	bool tls;
	bool resume;      /* TLS sessions */
	const char *line; /* what each message of `down` says */
	bool stream; /* `down`: check the bytes, not how they are cut into messages */
	enum load_end end; /* how `up` ends */
};

/* In this order, never back. */
enum load_phase {
	PHASE_OPENING,   /* until all clients are open */
	PHASE_WARMING,   /* not yet counted */
	PHASE_MEASURING, /* between load_begin() and the time or the number of messages */
	PHASE_DRAINING,  /* nothing new is sent, what is on its way is awaited */
	PHASE_DONE,
};

/* What one mode does with its connections.  mode_*.c have one each. */
struct load_mode {
	const char *name;
	struct conn_handler handler;
	bool cuts_raw;        /* raw messages have the known size */
	bool measures_memory; /* of sessions, `messages` of them, rather than time */
	int64_t warm_up_ns;
	void (*prepare)(struct load *load); /* before the first connection */
	void (*begin)(struct load *load);   /* MEASURING has begun */
	void (*tick)(struct load *load); /* now and then while MEASURING; may be NULL */
	void (*stop)(struct load *load); /* DRAINING has begun; leads to load_finish() */
};

struct load {
	struct load_options options;
	const struct load_mode *mode;
	struct conn_target target;
	struct crowd crowd;
	struct conn *conns;
	unsigned to_open; /* how many of them shall be open */
	unsigned begun;   /* how many were told to connect */
	unsigned opened;  /* how many were accepted, in all */
	unsigned closed;  /* how many the server ended, in all */
	enum load_phase phase;
	int64_t phase_until; /* for WARMING and MEASURING */

	int64_t began, ended; /* ns */
	int64_t cpu_began, cpu_ended, own_cpu_began, own_cpu_ended;
	struct cost_ticks ticks_began, ticks_ended;
	struct cost_memory memory_before, memory_after;
	uint64_t sent, messages, bytes;
	struct histogram latency;

	char *text; /* what the modes send and compare with */
	char *work; /* room for one message */
	struct conn_flood flood;
	int64_t settle_next;   /* `idle`: when memory is looked at again */
	unsigned settle_equal; /* `idle`: how often it was the same */
	struct cost_memory settled;
};

/* Fill options, mode and target from the command line, or end the program with exit 64.
 */
void load_parse_options(struct load *load, int argc, char **argv);

/* Monotonic nanoseconds. */
int64_t load_now(void);

/* Memory, or the end of the program. */
void *load_alloc(size_t n);

/* The counting starts here and ends here. */
void load_begin(struct load *load);
void load_stop(struct load *load);
void load_finish(struct load *load);

#endif
