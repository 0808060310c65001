/* SPDX-License-Identifier: MIT */
/* source_connect.h - a service that listens on a socket as a source of messages. */
#ifndef BRIDGE_SOURCE_CONNECT_H
#define BRIDGE_SOURCE_CONNECT_H

#include "dial.h"
#include "hub.h"
#include "span.h"
#include "stats.h"
#include "stream.h"

struct connect_conf {
	struct dial_target target;
	double timeout;     /* for the connection, with everything that it takes */
	bool send_proxy;    /* it is told of the client by a PROXY header */
	double patience;    /* for a service that takes nothing, or does not end, once its
			     * client has left */
	double max_runtime; /* seconds; 0: no limit */
};

/* One connection. */
struct connect_start {
	const struct connect_conf *conf; /* as long as the hub's */
	const struct stream_conf *tune;  /* copied */
	struct resolver *resolver;
	struct span header;       /* for the service before everything else, copied */
	const char *who;          /* log prefix of its session, copied */
	unsigned *running;        /* counted up now, down when it is closed */
	struct path_stats *stats; /* as long as CONF */
};

/* Attach a service to H, which is opening from now on.  0 or -errno. */
int source_connect_open(struct hub *h, const struct connect_start *start);

#endif
