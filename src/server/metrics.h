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

/* In which struct a number stands. */
enum metric_base {
	METRIC_OF_SERVER, /* struct server */
	METRIC_OF_SCRAPE, /* struct scrape: found out now */
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
		    const void *base); /* NULL: it is that number alone */
	const char *help;              /* a sentence; the manual has it, too */
};

extern const struct metric metrics[];
extern const size_t metrics_count;

/*
 * The text of all of them, which tells of the paths of ROUTES.  With thousands of paths
 * it takes several turns of the loop, as long as S and ROUTES are there.  NULL: out of
 * memory.
 */
struct scrape *metrics_begin(const struct server *s, const struct routes *routes);

/* Make more of it, as far as the turn has time, and some in any case.  False: all is
 * there. */
bool metrics_go_on(struct scrape *s);

/* S goes; what there is of the text is yours.  0 or -ENOMEM: then *RET is empty. */
int metrics_end(struct scrape *s, struct buf *ret);

#endif
