/* SPDX-License-Identifier: MIT */
/* source_fifo.h - named pipes as a source of messages. */
#ifndef BRIDGE_SOURCE_FIFO_H
#define BRIDGE_SOURCE_FIFO_H

#include "hub.h"
#include "stats.h"

#define FIFO_CREATE_NO (-1)

struct fifo_conf {
	char *read, *write; /* their paths; one may be NULL */
	int create;         /* make them with this mode; FIFO_CREATE_NO */
};

/* One opening of them. */
struct fifo_start {
	const struct fifo_conf *conf; /* as long as the hub's */
	const char *who;              /* log prefix, copied */
	struct path_stats *stats;     /* as long as CONF */
};

/* Open the FIFOs and attach them to H.  0, or -errno (fifo_strerror()) of what failed,
 * *ret_what naming its path. */
int source_fifo_open(struct hub *h, const struct fifo_start *start,
		     const char **ret_what);

#endif
