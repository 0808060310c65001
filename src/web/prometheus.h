/* SPDX-License-Identifier: MIT */
/* prometheus.h - metrics as text: Prometheus' exposition format 0.0.4. */
#ifndef WEB_PROMETHEUS_H
#define WEB_PROMETHEUS_H

#include <stdint.h>
#include <stdio.h>

#define PROMETHEUS_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum prometheus_type { PROMETHEUS_COUNTER, PROMETHEUS_GAUGE, PROMETHEUS_HISTOGRAM };

/* The value may hold any bytes; what is no UTF-8 is shown as U+FFFD and its hex digits.
 */
struct prometheus_label {
	const char *name; /* NULL ends the list */
	const char *value;
};

/* The two lines before the samples of a metric, which have to stand together. */
void prometheus_head(FILE *f, const char *name, enum prometheus_type type,
		     const char *help);

/* One sample; LABELS may be NULL. */
void prometheus_count(FILE *f, const char *name, const struct prometheus_label *labels,
		      uint64_t value);
void prometheus_value(FILE *f, const char *name, const struct prometheus_label *labels,
		      double value);

/* A whole histogram: COUNTS[i] values were up to BOUNDS[i] and above the bound before,
 * COUNTS[N] above all N BOUNDS; SUM is the sum of all values. */
void prometheus_histogram(FILE *f, const char *name, const double *bounds,
			  const uint64_t *counts, unsigned n, double sum);

#endif
