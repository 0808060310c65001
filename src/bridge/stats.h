/* SPDX-License-Identifier: MIT */
/* stats.h - what is counted for one path, by plain increments where it happens. */
#ifndef BRIDGE_STATS_H
#define BRIDGE_STATS_H

#include <stddef.h>
#include <stdint.h>

/* Whole messages and payload bytes that went in one direction. */
struct traffic {
	uint64_t messages, bytes;
};

enum closed_by { CLOSED_BY_CLIENT, CLOSED_BY_SERVER, CLOSED_BY_BACKEND };

/* "client", "server", "backend"; static. */
const char *closed_by_name(enum closed_by by);

/* Sessions that ended in one way. */
struct close_count {
	enum closed_by by;
	unsigned code; /* of a client, which could choose any: 3000 and 4000 stand for
			* all from there on */
	uint64_t sessions;
};

struct path_stats {
	uint64_t opened; /* sessions */
	unsigned open;   /* ... that are there now */
	struct traffic received, sent;
	struct traffic discarded; /* received, but nobody wanted it */
	struct traffic dropped;   /* of sent: never was, as the client is too slow */
	uint64_t cut;             /* messages of backends over max_message */
	size_t input_queue;       /* bytes that wait for backends now */
	size_t output_queue; /* bytes that wait for clients now, as `queue` counts them */
	uint64_t spawns, spawn_failures;
	uint64_t stderr_dropped; /* lines */
	uint64_t json_skipped;   /* lines of programs that were no orders */
	uint64_t json_unknown;   /* ids in orders that were nobody's (any more) */
	uint64_t file_bytes;     /* sent, of static files */
	struct close_count *closes;
	size_t ncloses;
};

/* One more session of S has ended with CODE. */
void stats_count_close(struct path_stats *s, enum closed_by by, unsigned code);

/* Let the sum *ALL of many amounts follow one of them, which was *LAST and is NOW. */
static inline void stats_follow(size_t *all, size_t *last, size_t now)
{
	if (now == *last) /* mostly: both stay unwritten */
		return;
	*all += now - *last;
	*last = now;
}

/* Forget everything; S itself is the caller's. */
void stats_free(struct path_stats *s);

#endif
