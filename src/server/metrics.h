/* SPDX-License-Identifier: MIT */
/* metrics.h - the table of all metrics, and their text for Prometheus. */
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include "prometheus.h"

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

/* All of them: a text of *RET_N bytes, yours to free(), or NULL: out of memory. */
char *metrics_text(const struct server *s, size_t *ret_n);

#endif
