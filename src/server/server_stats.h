/* SPDX-License-Identifier: MIT */
/* server_stats.h - what the daemon counts that belongs to no path. */
#ifndef SERVER_SERVER_STATS_H
#define SERVER_SERVER_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "lag.h"

#define STATUS_MAX 599

/* How a client ends whose request gets no answer. */
enum unanswered {
	UNANSWERED_LOST,    /* it left, or broke down */
	UNANSWERED_TIMEOUT, /* handshake_timeout */
	UNANSWERED_EVICTED, /* by max_handshakes */
	UNANSWERED_TLS,     /* it does not speak TLS well */
	UNANSWERED_DENIED,  /* it may not even connect */
	UNANSWERED_COUNT
};

struct server_stats {
	double started;                   /* Unix time */
	uint64_t answers[STATUS_MAX + 1]; /* by status */
	uint64_t unanswered[UNANSWERED_COUNT];
	uint64_t reloads, failed_reloads;
	bool reload_failed; /* the last one */
	struct lag lag;     /* of the loop's turns */
	struct lag_cpu work;
};

#endif
