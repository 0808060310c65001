/* SPDX-License-Identifier: MIT */
/* metrics.h - the table of all metrics, and their text for Prometheus. */
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include <stdbool.h>

#include "buf.h"
#include "prometheus.h"

struct routes;
struct scrape;
struct server;

/* The struct that a metric's number is a member of. */
enum metric_base {
	METRIC_OF_SERVER, /* struct server */
	METRIC_OF_SCRAPE, /* struct scrape: looked up for this answer */
	METRIC_OF_PATH,   /* struct route_use: a sample for each path */
};

enum metric_number { METRIC_UNSIGNED, METRIC_64, METRIC_DOUBLE };

/* One metric. */
struct metric {
	const char *name;
	enum prometheus_type type;
	enum metric_base base;
	size_t at; /* offset of its number */
	enum metric_number number;
	void (*put)(const struct metric *m, const struct scrape *s,
		    const void *base); /* writes its samples; NULL: the number is all */
	const char *help;              /* a sentence; the manual has it, too */
};

extern const struct metric metrics[];
extern const size_t metrics_count;

/* Begin the text of all metrics, with the paths of ROUTES; it is made sample by
 * sample, and S and ROUTES have to stay until the end.  NULL: out of memory. */
struct scrape *metrics_begin(const struct server *s, const struct routes *routes);

/* Write the next sample: a metric, or a path's part of one.  False: that was all. */
bool metrics_next(struct scrape *s);

/* Free S; the text so far is *RET's.  0 or -ENOMEM: then *RET is empty. */
int metrics_end(struct scrape *s, struct buf *ret);

#endif
