/* SPDX-License-Identifier: MIT */
/* Metrics as text: Prometheus' exposition format 0.0.4. */
#include <string.h>

#include "prometheus.h"
#include "utf8.h"

static void put_escaped(FILE *f, char c)
{
	switch (c) {
	case '\n':
		fputs("\\n", f);
		break;
	case '"':
		fputs("\\\"", f);
		break;
	case '\\':
		fputs("\\\\", f);
		break;
	default:
		fputc(c, f);
	}
}

/* How many bytes of P, up to four, are one character; 0: none. */
static size_t character(const char *p)
{
	for (size_t n = 1; n <= 4; n++) {
		struct utf8 u = { 0 };

		if (utf8_check(&u, p, n) < n)
			return 0;
		if (utf8_complete(&u))
			return n;
	}
	return 0;
}

static void put_label_value(FILE *f, const char *p)
{
	while (*p) {
		size_t n = character(p);

		if (n == 0)
			fprintf(f, UTF8_REPLACEMENT "%02x", (unsigned char)*p);
		else if (n == 1)
			put_escaped(f, *p);
		else
			fwrite(p, 1, n, f);
		p += n ? n : 1;
	}
}

static void put_labels(FILE *f, const struct prometheus_label *labels)
{
	const char *before = "{";

	if (!labels || !labels->name)
		return;
	for (; labels->name; labels++) {
		fprintf(f, "%s%s=\"", before, labels->name);
		put_label_value(f, labels->value);
		fputc('"', f);
		before = ",";
	}
	fputc('}', f);
}

void prometheus_head(FILE *f, const char *name, enum prometheus_type type,
		     const char *help)
{
	static const char *const types[] = {
		[PROMETHEUS_COUNTER] = "counter",
		[PROMETHEUS_GAUGE] = "gauge",
		[PROMETHEUS_HISTOGRAM] = "histogram",
	};

	fprintf(f, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, types[type]);
}

void prometheus_count(FILE *f, const char *name, const struct prometheus_label *labels,
		      uint64_t value)
{
	fputs(name, f);
	put_labels(f, labels);
	fprintf(f, " %llu\n", (unsigned long long)value);
}

void prometheus_value(FILE *f, const char *name, const struct prometheus_label *labels,
		      double value)
{
	fputs(name, f);
	put_labels(f, labels);
	fprintf(f, " %.15g\n", value);
}

void prometheus_histogram(FILE *f, const char *name, const double *bounds,
			  const uint64_t *counts, unsigned n, double sum)
{
	uint64_t all = 0;

	for (unsigned i = 0; i < n; i++) {
		all += counts[i];
		fprintf(f, "%s_bucket{le=\"%g\"} %llu\n", name, bounds[i],
			(unsigned long long)all);
	}
	all += counts[n];
	fprintf(f, "%s_bucket{le=\"+Inf\"} %llu\n%s_sum %.15g\n%s_count %llu\n", name,
		(unsigned long long)all, name, sum, name, (unsigned long long)all);
}
